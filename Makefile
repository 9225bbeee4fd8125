# The whole workflow in a few words; `make` alone lists them. Each word does the set-up it needs
# the first time. What was set up is noted by empty files in .venv, so the next call starts at once.

SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help demo test portable mutants lint docs lock wheels bench weights clean data browser

# The first of these that is new enough; `make PYTHON=/path/to/python demo` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.11 python3; do \
	$$name -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$name && break; done)
PORT ?= 8501
SHIPPED ?= mnist fashion-late fashion-pixels
# The order of the tests, which is another one each time; `make test SEED=7` repeats one.
SEED ?= $(shell echo $$RANDOM)
SINCE ?= main

ORDER := --dist worksteal --random-order --random-order-seed=$(SEED)

VENV_PYTHON := .venv/bin/python
PIP_LOG := .venv/pip.log

help: ## list these words
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r word text; \
		do printf '  make %-9s %s\n' "$$word" "$$text"; done

demo: .venv/.runtime data ## serve the app, print its addresses; PORT=8501, ADDRESS=localhost
	@$(VENV_PYTHON) -c 'import socket, sys; socket.create_server(("", int(sys.argv[1]))).close()' \
		'$(PORT)' 2>/dev/null || $(call stop,Port $(PORT) is taken or is no port: \
		choose another as in `make demo PORT=8502`.)
	@exec $(VENV_PYTHON) -m views --server.port $(PORT) $(if $(ADDRESS),--server.address $(ADDRESS))

# Three unit tests at a time, as many of them wait; browsers are busy.
test: .venv/.dev data browser lint ## lint, unit tests, then tests in a real browser
	$(VENV_PYTHON) -m pytest -n 3 $(ORDER) tests --ignore tests/browser
	@$(MAKE) portable
	$(VENV_PYTHON) -m pytest -n 2 $(ORDER) tests/browser

mutants: .venv/.dev data ## put small bugs into changed lines, and list those that no test notices
	$(VENV_PYTHON) -m tools.mutants --since $(SINCE)

portable: .venv/.dev data ## unit tests with POSIX hidden, as on Windows, and a training through
	$(VENV_PYTHON) -m pytest -n 2 --hide-posix tests/core/systems tests/core/jobs \
		tests/core/storage/test_files.py tests/core/runs/test_job.py tests/core/workers/test_status.py \
		tests/core/workers/test_worker.py

lint: .venv/.dev ## ruff (rules and format) and mypy
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy

docs: .venv/.dev ## write the tables in README.md and docs/ from the code
	$(VENV_PYTHON) -m cogapp -r README.md docs/*.md

lock: .venv/.dev ## write requirements.lock: all packages but torch, with their hashes
	$(VENV_PYTHON) -m tools.lock

wheels: .venv/.dev ## check that all pins have wheels, for each system and each Python
	$(VENV_PYTHON) -m tools.wheels

bench: .venv/.dev data browser ## run the benchmarks; STROKES=FILE adds the drawn digits of a file
	$(VENV_PYTHON) benchmarks/networks.py
	$(VENV_PYTHON) benchmarks/bugs.py
	$(VENV_PYTHON) benchmarks/doubt.py $(STROKES)
	$(VENV_PYTHON) benchmarks/teaching.py
	$(VENV_PYTHON) benchmarks/training.py
	$(VENV_PYTHON) benchmarks/startup.py
	$(VENV_PYTHON) benchmarks/first_visit.py
	$(VENV_PYTHON) benchmarks/latency.py
	$(VENV_PYTHON) benchmarks/inside.py
	$(VENV_PYTHON) benchmarks/load.py 10 50 100
	$(VENV_PYTHON) benchmarks/phones.py
	$(VENV_PYTHON) benchmarks/lessons.py
	$(VENV_PYTHON) benchmarks/cluster.py
	$(VENV_PYTHON) benchmarks/cluster.py --simulated 8 32 64
	$(VENV_PYTHON) benchmarks/abuse.py
	$(if $(STROKES),$(VENV_PYTHON) benchmarks/drawn_digits.py $(STROKES))

weights: .venv/.runtime data ## train the shipped networks again, or go on with it, into weights/
	@for preset in $(SHIPPED); do \
		$(VENV_PYTHON) -m core train --preset "$$preset" --resume || exit; done

clean: ## remove .venv and caches; data/ and runs/ stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up ---

data: .venv/.runtime
	@$(VENV_PYTHON) -c 'import sys; from core.data.download import is_present; \
		from core.specs import SPECS, data_dir; \
		sys.exit(not all(is_present(spec.files, data_dir()) for spec in SPECS.values()))' \
		|| $(VENV_PYTHON) -m core fetch all \
		|| echo 'Going on without all images: drawing works, the rest will ask for them again.'

browser: .venv/.dev
	@$(VENV_PYTHON) -m tests.browser.support.find_browser --install > /dev/null
	@$(VENV_PYTHON) -m tests.browser.support.find_nginx --install > /dev/null

.venv/.made:
	@[ -n '$(PYTHON)' ] && $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || $(call stop,Python 3.11 or newer is \
		needed: install it or name it as in `make demo PYTHON=/path/to/python3.11`.)
	@$(PYTHON) -m venv .venv > /dev/null || $(call stop,$(PYTHON) cannot make a virtual environment: \
		on Debian and Ubuntu `apt-get install python3-venv` gives it the venv module.)
	@touch $@

.venv/.runtime: requirements.txt .venv/.made
	$(call install,requirements.txt)

.venv/.dev: requirements-dev.txt requirements-onnx.txt requirements-cluster.txt .venv/.runtime
	$(call install,requirements-dev.txt)

# Pip is quiet unless it fails; then its reason is shown, and the whole story lies in the log.
define install
	@echo 'Installing $(1) into .venv (a few minutes the first time) ...'
	@$(VENV_PYTHON) -m pip install --no-input --disable-pip-version-check -r $(1) > $(PIP_LOG) 2>&1 \
		|| { grep '^ERROR' $(PIP_LOG) | tail -n 3 >&2; $(call stop,The packages of $(1) could not \
		be installed: see $(PIP_LOG) and run make again.); }
	@touch $@
endef

# One sentence for the user, then failure.
stop = { echo '$(strip $(1))' >&2; exit 1; }
