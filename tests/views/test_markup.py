"""Markup in files, links and runs: no page takes a stranger's text for Markdown or HTML."""

import hashlib
import json
import struct
from collections.abc import Callable

import pytest
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from streamlit.testing.v1 import AppTest

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State, runs_dir
from core.storage import bundle, checkpoint
from tests.support.pages import PAGES, draw_page, finished, opened, session_of
from views.input.sources import EXAMPLES

EVIL = "![x](http://e/x.png) <img src=x> :material/home: $x$ **b**"
LIVE = ("![x]", "http://e", "<img src=x", ":material/home:", "$x$", "**b**")
HAND = [HandExample(4, EXAMPLES["3"])]


def live_markup(app: AppTest) -> set[tuple[str, str]]:
    """What holds a piece of `EVIL` as it is, by its type. In HTML, Markdown is only text."""
    assert not app.exception
    found = set()
    for element in app.main:
        said = str(getattr(element, "proto", "")).replace("\\\\<", "")  # as `plain` writes it
        pieces = ["<img src=x"] if element.type == "html" else LIVE
        found |= {(element.type, piece) for piece in pieces if piece in said}
    return found


def network(tensor: str = "", **changes: object) -> bytes:
    """The shipped network as a file, with another card or a tensor of another name."""
    packed = bundle.pack_bundle(*checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist"))
    weights = load_tensors(packed)
    if tensor:
        weights[tensor] = torch.zeros(1)
    length = struct.unpack_from("<Q", packed)[0]
    card = json.loads(json.loads(packed[8 : 8 + length])["__metadata__"]["card"])
    card["weights_sha256"] = hashlib.sha256(save_tensors(weights)).hexdigest()
    params = card["params"] | changes.pop("params", {})  # type: ignore[operator]
    return save_tensors(weights, {"card": json.dumps(card | {"params": params} | changes)})


NETWORKS: dict[str, Callable[[], bytes]] = {
    "junk": lambda: EVIL.encode(),
    "header": lambda: struct.pack("<Q", len(EVIL)) + EVIL.encode(),
    "metadata": lambda: save_tensors({EVIL: torch.zeros(1)}, {"card": json.dumps({EVIL: EVIL})}),
    "tensor": lambda: network(EVIL),
    "preset": lambda: network(preset=EVIL),
    "key": lambda: network(**{EVIL: 1}),
    "data set": lambda: network(params={"dataset": EVIL}),
    "setting": lambda: network(params={"lr": EVIL}),
    "parameter": lambda: network(params={EVIL: EVIL}),
    "bug": lambda: network(params={"bug": EVIL}),
    "figures": lambda: network(figures={EVIL: 1}),
    "date": lambda: network(date=EVIL),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_file_writes_nothing_on_the_page(pen, kind):
    app = opened(draw_page)
    app.query_params["x"] = EVIL
    app.session_state["files"] = True
    app.run()
    uploader = next(each for each in app.file_uploader if each.key.startswith("network_"))
    uploader.upload(f"{EVIL.replace('/', ' ')}.safetensors", NETWORKS[kind](), EVIL)
    app.run()
    assert app.warning or session_of(app).link.network != "mnist"
    assert live_markup(app) <= {("file_uploader", piece) for piece in LIVE}  # its own name
    for page in ("train", "compare", "explain"):
        run = session_of(app).link.network
        assert live_markup(opened(PAGES[page], net=run, c=run, run=run)) == set()


@pytest.mark.parametrize(
    "line",
    [
        EVIL,
        json.dumps(EVIL),
        json.dumps({"label": EVIL, "strokes": []}),
        json.dumps({"label": 1, "strokes": [[[EVIL, EVIL]]]}),
        json.dumps({"label": 1, "strokes": [[[0, 0], [90, 90]]], "writer": EVIL, EVIL: EVIL}),
    ],
)
def test_an_examples_file_writes_nothing_on_the_page(pen, line):
    app = opened(draw_page)
    uploader = next(each for each in app.file_uploader if each.key.startswith("examples_"))
    uploader.upload("hand.jsonl", line.encode(), EVIL)
    app.run()
    assert live_markup(app) == set()


def test_a_picture_writes_nothing_on_the_page(pen):
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload("x.png", EVIL.encode(), "image/png").run()
    assert app.warning
    assert live_markup(app) == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_link_writes_nothing_on_a_page(pen, page):
    names = ("n", "s", "net", "t", "run", "bug", "c", "view", "lr", "dataset", "seed", EVIL)
    assert (
        live_markup(opened(PAGES[page], **dict.fromkeys((*names, "task", "hide"), EVIL))) == set()
    )


def spoil(run: Run) -> None:
    """Put the text into whatever the files of a run can hold."""
    card = json.loads((run.path / "checkpoint.json").read_text())
    (run.path / "checkpoint.json").write_text(json.dumps(card | {"preset": EVIL, "date": EVIL}))
    recipe = json.loads((run.path / "recipe.json").read_text())
    (run.path / "recipe.json").write_text(json.dumps(recipe | {"preset": EVIL, "base": EVIL}))
    (run.path / "control.json").write_text(json.dumps({"lr": EVIL}))
    with (run.path / "progress.jsonl").open("a") as file:
        file.write(json.dumps({EVIL: EVIL}) + "\n")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("state", ["preparing", "failed", "stopped", "evaluating"])
def test_the_files_of_a_run_write_nothing_on_a_page(pen, page, state):
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe, FinetuneJob("mnist", HAND))
    finished(run)
    spoil(run)
    run.set_state(State(state, EVIL))
    app = opened(PAGES[page], run=run.id, net=run.id, c=run.id)
    session_of(app).finetune_run = run.id
    app.run()
    assert live_markup(app) == set()
