"""What the curious may send and what a bad disk may hold: pages say one sentence and no traceback.

Visitors are apart: nothing of theirs reaches the disk by name, HTML as markup, or the log.
"""

import json
import logging
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.settings import SETTINGS
from core.runs import limits, log
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State, find_run, list_runs, runs_dir
from core.storage import checkpoint, snapshots
from tests.conftest import record
from tests.views import test_pages
from tests.views.test_pages import (
    alone,
    draw_page,
    finished,
    opened,
    pen,
    the_run,
    train_page,
    words,
)

__all__ = ["alone", "pen"]  # fixtures

ROOT = Path(__file__).parents[2]
QUICK = PRESETS["quick"].recipe
HAND = [HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))]


def compare_page() -> None:
    from views.compare.page import show_compare

    show_compare()


def explain_page() -> None:
    from views.explain.page import show_explain

    show_explain()


PAGES = {"draw": draw_page, "train": train_page, "compare": compare_page, "explain": explain_page}


# --- a bad disk

FILES = (
    *("recipe.json", "state.json", "progress.jsonl", "examples.jsonl"),
    *("checkpoint.json", "checkpoint.safetensors", "disk-full.json", "last.safetensors"),
    "moments/00000000.safetensors",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run that taught a network, with every file that a run may have."""
    run = create_run(tmp_path_factory.mktemp("whole"), "quick", QUICK, FinetuneJob("mnist", HAND))
    run.append(record(49, loss=0.5, class_acc=0.5, sum_acc=0.5, joint_acc=0.5))
    finished(run)
    (run.path / "last.safetensors").write_bytes(b"weights so far")
    snapshots.save_snapshot(run.snapshots, 0, QUICK.build())
    return run.path


def visit(run: Run, page: str) -> str:
    """What a page says to whom a link to the run brings; `opened` refuses a traceback."""
    return words(opened(PAGES[page], run=run.id, net=run.id, c=run.id))


@pytest.mark.parametrize("page", PAGES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=some.dictionaries(
        some.sampled_from(FILES),
        some.none()
        | some.floats(0, 0.99)
        | some.sampled_from([b"", b"{}", b"[]", b"null", b"\xff"]),
        min_size=1,
        max_size=3,
    )
)
def test_a_run_that_is_half_there_breaks_no_page(whole, pen, page, damage):
    run = Run(runs_dir() / whole.name)
    shutil.rmtree(run.path, ignore_errors=True)
    shutil.copytree(whole, run.path)
    for name, how in damage.items():
        file = run.path / name
        content = file.read_bytes()
        if how is None:
            file.unlink()
        else:
            file.write_bytes(how if isinstance(how, bytes) else content[: int(how * len(content))])
    visit(run, page)


@pytest.mark.parametrize("name", ["recipe.json", "state.json"])
def test_a_run_without_what_it_needs_says_so(whole, pen, name):
    run = Run(runs_dir() / whole.name)
    shutil.copytree(whole, run.path)
    (run.path / name).write_bytes(b"{")
    app = opened(train_page, run=run.id)
    said = words(app) + "".join(bar.proto.text for bar in app.get("progress"))
    assert "What is left of this run cannot be read. Teach it again." in said


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped networks, which the pages take for them."""
    folder = tmp_path / "weights"
    shutil.copytree(checkpoint.WEIGHTS_DIR, folder)
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", folder)
    return folder


def cut(folder: Path) -> None:
    file = folder / "mnist.safetensors"
    file.write_bytes(file.read_bytes()[:5000])


def swap(folder: Path) -> None:
    shutil.copy(folder / "fashion-late.safetensors", folder / "mnist.safetensors")


def other_architecture(folder: Path) -> None:
    card = json.loads((folder / "mnist.json").read_text())
    card["params"]["width"] = 16
    (folder / "mnist.json").write_text(json.dumps(card))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: shutil.rmtree(folder), "The network 'mnist' is not there"),
        (cut, "The weights of 'mnist' are damaged"),
        (swap, "The weights of 'mnist' are damaged"),
        (other_architecture, "The weights of 'mnist' are for another architecture"),
    ],
    ids=["missing", "cut", "swapped", "other"],
)
def test_weights_that_cannot_be_used_are_one_sentence(
    weights: Path, pen, page: str, damage: Callable[[Path], object], sentence: str
):
    damage(weights)
    said = words(opened(PAGES[page]))
    if page in ("draw", "explain"):
        assert said.count(sentence) == 1
    assert "Traceback" not in said


def test_runs_that_cannot_be_written_are_one_sentence(pen, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    app = opened(train_page)
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "file" / "runs"))
    app.button(key="train_start").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "The run could not be written to disk (Not a directory). Try again later."
    ]


# --- what a browser may send


@pytest.mark.parametrize("junk", [10**15, -(10**15), math.nan, math.inf])
def test_a_number_beyond_its_bounds_is_not_believed(junk):
    app = opened(train_page)
    app.slider(key="setting_dropout").set_value(junk)
    app.slider(key="setting_augment").set_value(junk)
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    recipe = the_run(app).recipe()[1]
    assert (recipe.model.dropout, recipe.train.augment) == (0.0, 0.0)


@given(name=some.sampled_from([*SETTINGS]), value=some.integers() | some.floats() | some.text())
def test_whatever_is_sent_a_setting_is_within_its_bounds(name, value):
    usual = QUICK.settings()[name]
    clamped = SETTINGS[name].clamp(value, usual)
    assert SETTINGS[name].check(name, clamped) == clamped
    assert SETTINGS[name].clamp(usual, value) == usual


@settings(max_examples=200)
@given(
    some.dictionaries(
        some.sampled_from([*SETTINGS, "x"]), some.integers() | some.floats() | some.text()
    )
)
def test_a_recipe_is_within_its_bounds_or_refused(values):
    try:
        recipe = QUICK.change(values)
    except ValueError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert Recipe.read(json.loads(json.dumps(recipe.params()))) == recipe


def test_a_visitor_who_waits_gets_no_second_place(tmp_path, monkeypatch):
    app = opened(train_page)
    app.button(key="train_start").click().run()
    first = the_run(app)
    session = app.session_state["session"]
    session.run = ""  # as if the run had been let go of in the browser
    app.run()
    app.button(key="train_start").click().run()
    assert [e.value for e in app.error] == [
        "You already have a run in the queue. Wait for it, or stop it first."
    ]
    assert list(list_runs(runs_dir())) == [first]


def test_a_run_that_is_too_long_is_refused_in_a_sentence(tmp_path):
    app = opened(train_page, epochs="50", width="64")
    app.button(key="train_start").click().run()
    assert "50 epochs at width 64 would take too long here." in app.error[0].value
    assert not runs_dir().exists()


def test_a_picture_of_too_many_bytes_is_not_kept(pen, monkeypatch):
    from views.draw import inputs as inputs_module

    monkeypatch.setattr(inputs_module, "MAX_UPLOAD_BYTES", 1000)
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload("big.png", bytes(1001), "image/png").run()
    assert app.session_state["session"].upload == b""
    assert app.warning[0].value == "A picture may have 10 MB. Choose another file."


# --- strangers apart

CODE = [*ROOT.glob("core/**/*.py"), *ROOT.glob("views/**/*.py"), ROOT / "streamlit_app.py"]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_and_no_markup_is_let_through(path):
    """No checkpoint, session or upload may run code, here or in a browser."""
    source = path.read_text()
    assert not re.search(
        r"\bpickle\b|torch\.load|torch\.save|joblib|shelve|marshal|(?<![.\w])eval\(", source
    )
    assert not re.search(r"unsafe_allow_html|unsafe_allow_javascript|(?<![.\w])exec\(", source)


def test_ids_come_from_the_system_s_secrets():
    """`random` may choose an image or roll a dice, nothing that has to stay secret."""
    assert not re.search(r"\brandom\b|uuid", (ROOT / "core/runs/run.py").read_text())
    assert "secrets.token_hex(8)" in (ROOT / "core/runs/run.py").read_text()


def test_a_visitor_sees_no_run_but_their_own_and_those_of_links(pen):
    mine, other = (create_run(runs_dir(), "quick", QUICK) for _ in range(2))
    for run in (mine, other):
        finished(run)
    for page in PAGES:
        app = opened(PAGES[page], run=mine.id, net=mine.id)
        shown = json.dumps([str(node) for node in app.main.children.values()]) + words(app)
        assert other.id not in shown + json.dumps(dict(app.query_params), default=list)


EVIL = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("page", PAGES)
def test_markup_in_an_address_reaches_no_page(pen, page):
    names = ("n", "s", "net", "t", "run", "bug", "c", "view", "lr", "dataset", "seed", "v2")
    app = opened(PAGES[page], **dict.fromkeys(names, EVIL))
    assert "onerror" not in words(app) + repr(app.main)


def test_markup_in_a_message_of_a_run_is_shown_as_text():
    """Messages name what failed; a run's files may have been edited by hand."""
    run = create_run(runs_dir(), "quick", QUICK, FinetuneJob("mnist", HAND))
    run.set_state(State("preparing", EVIL))
    app = opened(draw_page, net="mnist")
    app.session_state["session"].lesson = run.id
    app.run()
    assert EVIL not in " ".join(html.proto.body for html in app.get("html"))


# --- what is logged


@pytest.fixture
def lines(caplog) -> Callable[[], list[dict]]:
    caplog.set_level(logging.INFO, log.LOGGER)
    return lambda: [json.loads(log.JsonLines().format(each)) for each in caplog.records]


def test_the_log_has_the_run_and_its_settings_and_nothing_of_the_visitor(pen, lines):
    app = opened(draw_page)
    app.session_state["session"].examples = HAND
    app.run()
    app.button(key="teach").click().run()
    (line,) = (each for each in lines() if each["event"] == "run queued")
    run = find_run(runs_dir(), app.session_state["session"].lesson)
    assert run
    assert (line["run"], line["level"], line["taught"]) == (run.id, "INFO", True)
    assert set(line) == {"time", "level", "event", "pid", "run", "settings", "taught"}
    assert set(line["settings"]) == set(SETTINGS)
    assert "131" not in json.dumps(line["settings"])  # a point of the drawing


def test_trouble_is_logged_on_one_line_with_its_traceback(lines):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.trouble("run failed", run="3f2a")
    (line,) = lines()
    assert (line["event"], line["run"], line["level"]) == ("run failed", "3f2a", "WARNING")
    assert line["error"].endswith("ZeroDivisionError: division by zero")


def test_a_second_start_writes_no_line_twice(monkeypatch):
    monkeypatch.setattr(log.log, "handlers", [])
    log.start()
    log.start()
    assert len(log.log.handlers) == 1


# --- what the server is told


def test_the_server_is_set_for_strangers():
    import tomllib

    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"]["enableCORS"] is True
    assert config["server"]["maxUploadSize"] == limits.Limits().upload_megabytes
    assert config["server"]["maxMessageSize"] <= 5
    assert config["client"]["showErrorDetails"] == "none"
    assert config["browser"]["gatherUsageStats"] is False
    assert test_pages.TIMEOUT  # the pages above are those of that file
