"""What the pages share: a visitor's session, the address, the caches.

The only file that touches `st.session_state`, `st.query_params` and the caches (but views/canvas.py
reads what its own widget said). What is a visitor's own sits in one `Session`; what all visitors
share (networks, the worker) is cached and never changed.
"""

import functools
import gc
import importlib
import io
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import streamlit as st
import torch

from core import (
    checkpoint,
    dataset,
    drawing,
    fetch,
    line,
    link,
    log,
    moments,
    parcel,
    process,
    runs,
    saliency,
    teach,
)
from core.analysis import Reading
from core.checkpoint import Card, CheckpointError
from core.dataset import SPECS, Split
from core.drawing import Pixels
from core.line import LineError
from core.model import ModelConfig, SumNet
from core.prediction import Prediction, predict
from core.presets import PRESETS
from core.process import Worker
from core.recipe import Recipe, Value
from core.recorder import history_file, read_history
from core.runs import Lesson, Run, RunError
from core.saliency import Saliency
from core.teach import Example
from views.canvas import CanvasState

SHIPPED = link.Link.network
Source = Literal["draw", "test", "upload"]
MAX_UPLOADS = 10  # networks a visitor; each takes a place among the runs that are kept
GONE = "That network is no longer kept here."


@dataclass
class Session:
    """A visitor's own: what is drawn, told and chosen, and which runs are theirs."""

    canvas: CanvasState
    addend: int
    network: str  # name of the network that answers: a shipped preset, or the id of a run
    run: str  # id of the run that the Train page shows; "" is none
    settings: dict[str, Value]  # of the next run
    bug: str = ""  # that the next run is made with; "" is none
    source: Source = "draw"  # of the picture
    picture: int = 0  # which test image of the network's data set
    upload: bytes = b""  # the image file that was chosen last; b"" is none
    compared: tuple[str, ...] = ()  # networks side by side; () leaves it to the Compare page
    view: str = link.Link.view  # of them
    hidden: tuple[str, ...] = ()  # parts of the pages that a link for a class left out
    locked: tuple[str, ...] = ()  # controls that it keeps as they are
    task: str = ""  # the lesson that it told; "" is none
    gone: str = ""  # the network that it named, where that is no longer kept
    uploads: int = 0  # of networks
    again: bool = False  # does the visitor want to train that one again?
    own_runs: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)  # of the visitor's hand
    files: int = 0  # of examples that were loaded
    lesson: str = ""  # id of the run that learns the examples, or failed to; "" is none


def session() -> Session:
    """This visitor's session; the address that they came with fills it at the start."""
    if "session" not in st.session_state:
        opened = link.parse(st.query_params.to_dict())
        taught = lesson(opened.network)
        st.session_state.session = Session(
            canvas=CanvasState().show(opened.strokes) if opened.strokes else CanvasState(),
            addend=opened.addend,
            network=opened.network,
            run=opened.run,
            settings=dict(opened.settings),
            bug=opened.bug,
            source="draw" if opened.picture is None else "test",
            picture=opened.picture or 0,
            compared=opened.compared,
            view=opened.view,
            hidden=opened.hidden,
            locked=opened.locked,
            task=opened.task,
            examples=taught.examples if taught else [],
        )
    found: Session = st.session_state.session
    return found


def said(key: str) -> Any:
    """What the visitor just chose in a widget: for callbacks, which run before the page does."""
    return st.session_state[key]


def for_class(session: Session, choices: link.Link) -> link.Link:
    """The choices, with what the link that this visitor came with said for a class."""
    return replace(choices, hidden=session.hidden, locked=session.locked, task=session.task)


def publish(choices: link.Link) -> None:
    """Keep the address in step with what is chosen: a reload and a link both come back here."""
    query = link.query(choices)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def address(choices: link.Link, page: str = "") -> str:
    """The absolute link to a page of this app, the one that is shown, with these choices.

    `page` is its name in the address; the first page has none.
    """
    base = (st.context.url or "").split("?")[0].rstrip("/")
    base = base if page and base.endswith(f"/{page}") else f"{base}/"
    query = "&".join(f"{name}={value}" for name, value in link.query(choices).items())
    return f"{base}?{query}" if query else base


def made_by(session: Session, name: str) -> tuple[Mapping[str, Value], str]:
    """The settings and the bug that made the network or run of that name, for a link to carry.

    Of one that is gone, or where there is none yet, they are the session's; of one that no settings
    can make again, those of the quick recipe.
    """
    run = runs.find(runs.runs_dir(), name)
    if run is None and name not in PRESETS:
        return session.settings, session.bug
    recipe = run.remade() if run else None
    return (recipe.settings(), recipe.bug.name) if recipe else (link.DEFAULT_SETTINGS, "")


def choices(session: Session) -> link.Link:
    """What a link to any page carries: one picture, number and network."""
    name = session.gone or session.network
    settings, bug = made_by(session, name)
    return link.Link(
        session.addend,
        session.canvas.strokes if session.source == "draw" else (),
        name,
        session.picture if session.source == "test" else None,
        settings=settings,
        bug=bug,
    )


@functools.cache
def settle() -> None:
    """Before the first page: import what comes late otherwise, and keep it out of the way.

    Streamlit imports pandas when it first shows something. Plotly looks at pandas wherever it is
    being imported, and half of it is an error on the page of another visitor. And Streamlit
    collects garbage after each run of a page, which walks through all of torch unless that is set
    aside: 0.1 s after each answer, while nobody else is answered.
    """
    importlib.import_module("pandas")
    gc.collect()
    gc.freeze()


def worker() -> Worker:
    """The process that trains, one for all visitors."""
    return process.shared(runs.runs_dir())


@st.cache_resource(max_entries=32, show_spinner=False)
def _network(stem: Path) -> tuple[SumNet, Card]:
    torch.set_num_threads(1)  # one picture is no work for two, and the worker wants the other core
    return checkpoint.load(stem)


def load(name: str) -> tuple[SumNet, Card]:
    """A network by name: a shipped preset's, or a run's by its id. Never change what it returns.

    Raises:
        CheckpointError: it is gone, damaged or of another architecture.
    """
    stem = runs.stem(runs.runs_dir(), name)
    if stem is None:
        raise CheckpointError(GONE)
    if name not in PRESETS:
        Run(stem.parent).use()
    return _network(stem)


def network(session: Session) -> tuple[SumNet, Card, str]:
    """The network that answers this visitor, its card, and what to say about it ("" for nothing).

    A network that is gone or damaged is replaced by the shipped one, and that is said.

    Raises:
        CheckpointError: the shipped network cannot be used either.
    """
    try:
        return *load(session.network), _instead(GONE) if session.gone else ""
    except CheckpointError as error:
        if session.network == SHIPPED:
            raise
        if runs.find(runs.runs_dir(), session.network) is None:
            session.gone = session.network
        session.network = SHIPPED
        return *load(SHIPPED), _instead(str(error))


def _instead(trouble: str) -> str:
    return f"{trouble} The shipped network answers instead."


def use(session: Session, network: str) -> None:
    """Have another network answer this visitor."""
    session.network, session.gone = network, ""


def networks(session: Session) -> dict[str, str]:
    """The networks that this visitor can choose from, and their titles.

    The shipped ones, and those of one's own runs and of the runs that a link brought, numbered from
    the oldest on as on the Compare page.
    """
    titles = {name: PRESETS[name].title for name in checkpoint.shipped()}
    wanted = {*session.own_runs, session.run, session.network, *session.compared}
    found = [run for name in wanted if (run := runs.find(runs.runs_dir(), name))]
    number = hands = 0
    for run in sorted(found, key=Run.created):
        with suppress(CheckpointError):  # not there yet, or damaged
            taught = load(run.id)[1].taught
            number, hands = number + 1, hands + bool(taught)
            titles[run.id] = _hand(taught, hands) if taught else _number(run, number)
    return titles


def _number(run: Run, number: int) -> str:
    return f"{'Upload' if run.uploaded else 'Run'} {number}"


def _hand(examples: int, number: int) -> str:
    which = f" {number}" if number > 1 else ""  # no two networks are called the same
    return f"Your hand{which} ({examples} example{'s' * (examples > 1)})"


@st.cache_resource(max_entries=len(SPECS), show_spinner=False)
def _test_split(name: str) -> Split:
    return dataset.load(name).test


def test_split(name: str) -> Split:
    """The test images of a data set.

    Raises:
        FetchError: they are not on this machine; a page does not fetch them.
    """
    if not fetch.is_present(name):
        raise fetch.FetchError(
            f"The test images of {SPECS[name].title} are not on this machine. "
            f"Get them with `python -m core fetch {name}`."
        )
    return _test_split(name)


# Two networks with the same weights may answer differently: a stranger's file can say that ours are
# of another data set. So the config is part of each key.


@st.cache_resource(max_entries=32, show_spinner=False)
def _reading(weights_sha256: str, config: ModelConfig, _model: SumNet) -> Reading:
    return Reading(_model, _test_split(_model.config.dataset))


def reading(name: str) -> Reading:
    """A network's reading of the test images, one for all visitors; ask it to advance.

    Raises:
        CheckpointError: the network cannot be used.
        FetchError: its data set is not on this machine; a page does not fetch it.
    """
    model, card = load(name)
    test_split(model.config.dataset)
    return _reading(card.weights_sha256, model.config, model)


@st.cache_data(max_entries=64, show_spinner=False)
def _looked(
    weights_sha256: str, config: ModelConfig, image: Pixels, addend: int, _model: SumNet
) -> Saliency:
    return saliency.saliency(_model, image, addend)


def looked(model: SumNet, card: Card, image: Pixels, addend: int) -> Saliency:
    """Where a network looked."""
    return _looked(card.weights_sha256, model.config, image, addend, model)


@st.cache_data(max_entries=64, show_spinner=False)
def _read(weights_sha256: str, config: ModelConfig, images: Pixels, _model: SumNet) -> list[int]:
    return teach.read(_model, images)


def read(model: SumNet, card: Card, images: Pixels) -> list[int]:
    """What a network takes images for, uint8 (N, 28, 28)."""
    return _read(card.weights_sha256, model.config, images, model)


@st.cache_data(max_entries=4_000, show_spinner=False)
def at_moment(
    run_id: str, step: int, image: Pixels, addend: int, _folder: Path, _model: SumNet
) -> Prediction | None:
    """What the network of a run, after that step, says about a picture.

    None if it is damaged, by itself too: where the loss runs away, weights are no numbers any more.
    """
    learner = moments.recall(_folder, _model, step)
    answer = predict(learner, image, addend) if learner else None
    sound = answer and all(map(math.isfinite, (answer.sum_value, *answer.class_probs)))
    return answer if sound else None


def history(name: str) -> list[dict[str, float]]:
    """How the network of that name learned; [] where nobody wrote it down."""
    if name in PRESETS:
        return read_history(history_file(checkpoint.SHIPPED / name))
    run = runs.find(runs.runs_dir(), name)
    return run.history() if run else []


def adopt(session: Session, content: bytes) -> None:
    """Make the network in a file the visitor's own, and have it answer.

    Raises:
        CheckpointError: it is none.
        LineError: there were too many, or there is no room.
        OSError: the run cannot be written.
    """
    if session.uploads >= MAX_UPLOADS:
        raise LineError(f"{MAX_UPLOADS} networks have been uploaded here. Use one of them.")
    line.make_room(runs.runs_dir())
    run = runs.adopt(runs.runs_dir(), *parcel.unpack(content))
    session.uploads += 1
    session.own_runs.append(run.id)
    use(session, run.id)


@st.cache_data(max_entries=256, show_spinner=False)
def read_upload(file: bytes, dataset: str) -> Pixels | None:
    """An uploaded picture as a network of that data set gets it; None when nothing is on it.

    Raises:
        DrawingError: it cannot be read.
    """
    return drawing.read_image(io.BytesIO(file), dataset)


def start_run(session: Session) -> None:
    """Hand the session's settings to the worker as a new run.

    Raises:
        SettingError: a setting is out of bounds, or the run would take too long.
        LineError: there is no place in the line.
        OSError: the run cannot be written.
    """
    recipe = PRESETS["quick"].recipe.change(session.settings).with_bug(session.bug)
    session.run = _join(session, "quick", recipe)
    session.gone = ""
    session.compared = ()  # the new one is looked at without being asked for


def _join(session: Session, preset: str, recipe: Recipe, lesson: Lesson | None = None) -> str:
    """The id of a new run of this visitor."""
    worker().ensure()
    run = line.join(runs.runs_dir(), session.own_runs, preset, recipe, lesson)
    session.own_runs.append(run.id)
    log.event("run queued", run=run.id, settings=recipe.settings(), taught=lesson is not None)
    return run.id


def current_run(session: Session) -> Run | None:
    """The run on the Train page. A worker that died is started again when somebody looks."""
    run = runs.find(runs.runs_dir(), session.run)
    if run:
        run.use()
        if not run.state().over:
            worker().ensure()
    return run


def lesson(name: str) -> Lesson | None:
    """What the network of that name was taught, if it was."""
    run = runs.find(runs.runs_dir(), name)
    with suppress(RunError):  # damaged; the network may answer all the same
        return run.lesson() if run else None
    return None


def start_lesson(session: Session) -> None:
    """Have the network that answers learn the session's examples, as a new run.

    One that was taught already gives way to the one that it was taught from: all examples are
    learned at once, always from the same start.

    Raises:
        CheckpointError: the network is gone.
        LineError: there is no place in the line.
        OSError: the run cannot be written.
    """
    before = lesson(session.network)
    base = before.base if before else session.network
    card = load(base)[1]
    task = Lesson(base, session.examples)
    session.lesson = _join(session, card.preset, Recipe.read(card.params), task)


def current_lesson(session: Session) -> Run | None:
    """The run that learns the examples, or that failed to; once it has learned them it answers."""
    run = runs.find(runs.runs_dir(), session.lesson)
    if run is None:
        return None
    now = run.state()
    if now.usable:
        session.lesson = ""
        use(session, run.id)
        return None
    if not now.over:
        worker().ensure()
    return run


def dark() -> bool:
    """Does the visitor's browser show the dark theme?"""
    return st.context.theme.type == "dark"
