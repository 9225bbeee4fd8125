"""What is imported when: nothing large before the server listens, all of it by one thread."""

import gc
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from core import PROJECT
from tests.support.layout import imported
from views import startup

LARGE = "{'torch', 'numpy', 'pandas', 'scipy', 'views.session', 'views.draw'} & set(sys.modules)"


def said(command: str) -> str:
    """What a new process prints."""
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=PROJECT, capture_output=True, text=True
    )
    assert not ended.returncode, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def process(monkeypatch):
    """What startup changes of this process is put back."""
    seconds = sys.getswitchinterval()
    monkeypatch.setattr(startup, "_is_app_there", threading.Event())
    monkeypatch.setattr(startup, "PAUSE", 0)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield
    gc.enable()
    sys.setswitchinterval(seconds)


def test_the_server_listens_before_anything_large_is_imported():
    assert said(f"import sys, streamlit_app, views.__main__; print({LARGE})") == "set()"


def test_a_page_imports_nothing_itself():
    """Of two threads that import the same, one may find half of it."""
    assert imported((PROJECT / "views/script.py").read_text()) == {
        "views",
        "views.startup",
        "views.startup.run_page",
    }


def test_the_first_page_does_not_wait_for_the_others():
    wanted = "import importlib, sys; from views.startup import WANTED;"
    pages = "print({name for name in sys.modules if name[:6] + name[-5:] == 'views..page'})"
    assert said(f"{wanted} [importlib.import_module(name) for name in WANTED]; {pages}") == (
        "{'views.draw.page'}"
    )


def test_all_is_there_in_the_end_and_is_not_searched_for_garbage():
    after = said(
        "import gc, sys; from views import startup; startup.PAUSE = 0; startup.import_app().join();"
        "import torch; from core.engines import tracing;"
        "from views.startup import WANTED; from views.app import PAGES;"
        "wanted = {*WANTED, *(page.module for page in PAGES)};"
        "print(wanted - set(sys.modules), len(tracing._forwards), gc.isenabled(),"
        "torch.get_num_threads(), sys.getswitchinterval(), gc.get_freeze_count() > 100_000)"
    )
    assert after == "set() 1 True 1 0.001 True"


def test_no_garbage_is_searched_for_while_much_is_imported(process, monkeypatch):
    searched = {}

    def note(name: str) -> SimpleNamespace:
        searched.setdefault(name, gc.isenabled())
        return SimpleNamespace(PAGES=())

    monkeypatch.setattr(startup.importlib, "import_module", note)
    startup.import_app.__wrapped__().join()
    assert searched == dict.fromkeys(startup.WANTED, False)
    assert gc.isenabled()


def test_a_page_whose_import_fails_says_so_and_does_not_wait_for_ever(process, monkeypatch):
    begin = startup.import_app.__wrapped__
    monkeypatch.setattr(startup, "PAGES_MODULE", "views.nothing")
    monkeypatch.setattr(startup, "WANTED", ("views.nothing", "views.app"))
    monkeypatch.setattr(threading, "excepthook", lambda told: None)  # it is in the log
    threads = []
    monkeypatch.setattr(startup, "import_app", lambda: threads.append(begin()))
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        startup.run_page()
    threads[0].join()
