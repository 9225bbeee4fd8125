"""A visitor's session: what is theirs alone, for as long as their browser shows the app.

One example: a visitor opens /?v=1&n=4, draws a 3 and trains a network. Then `link.addend` is 4,
`canvas` holds the strokes, and `own_runs` the id of the run. What all visitors share (networks, the
worker) is cached in networks.py and jobs.py and never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.drawing import Strokes
from core.finetune import HandExample
from core.library.store import is_kept
from core.recipes.recipe import Recipe
from core.runs.disk import list_entries
from core.runs.run import FinetuneJob, find_run, runs_dir
from core.runs.snapshot import finetune_job_of
from core.specs import OWN
from views.server.browser_cookie import new_secret
from views.server.heavy import heavy_work
from views.session.canvas_state import CanvasState
from views.session.link import OWN_PARAMETERS, Link, is_cut, parse_link
from views.session.visitor import browser_of_session

Guess = str | int  # the name of an option, or a number
Findings = Mapping[str, Any]  # what was measured in a step of the tour or of a lesson, by name

MOST_RECALLED = 8  # runs of this browser; each page looks at the networks of all
MAX_OTHERS_TEXT = 500  # characters of parameters in an address that are not ours


@dataclass(frozen=True)
class Answered:
    """What the network last answered to the visitor's picture: see `views/guide/looks.py`."""

    source: str  # of the picture, one of `SOURCES`
    strokes: Strokes  # of a drawing
    addend: int
    label: int
    name: str  # of the class
    certainty: float  # of the class head, 0 to 1
    sum_value: float  # before rounding
    network: str  # that answered: a shipped preset, or the id of a run
    is_readable: bool  # does the picture look like what it learned? Else it only guesses


@dataclass
class Quiz:
    """A run whose bug is a secret until the visitor has said what it is."""

    run: str  # its id: whoever knows it could look the bug up, so no page shows it
    bug: str
    diagnosis: str | None = None  # the name of a bug; None as long as nothing was said
    line: int | None = None  # of the code, from 0 on


@dataclass(frozen=True)
class Race:
    """Two runs with the same seed, one after the other: see views/train/race.py."""

    first: str  # id of a run
    first_name: str
    second_name: str
    recipe: Recipe  # of the second
    second: str = ""  # its id; "" until the first is over


@dataclass
class Session:
    """What one visitor has drawn, chosen and trained."""

    link: Link  # what a link can carry; `choose` replaces it
    canvas: CanvasState  # the drawing, ahead of `link.strokes`
    source: str = "draw"  # of the picture, one of `SOURCES`
    picture: int = 0  # which test image, also while another source is chosen
    image_files: dict[str, bytes] = field(default_factory=dict)  # chosen last, by source
    page: str = ""  # name of the page that is shown; "" is the first
    is_link_cut: bool = False  # and has to be told so
    other_parameters: dict[str, list[str]] = field(default_factory=dict)  # of the address: not ours
    brought_networks: tuple[str, ...] = ()  # that the link named: they stay to be chosen from
    gone_network: str = ""  # the network that the link named, where that is no longer kept
    network_trouble: str = ""  # why the shipped network answers, and not the chosen one
    uploaded_networks: int = 0
    own_runs: list[str] = field(default_factory=list)  # ids
    examples: list[HandExample] = field(default_factory=list)  # of the visitor's handwriting
    loaded_example_files: int = 0
    secret: str = field(default_factory=new_secret)  # in place of the browser's, where it has none
    is_teaching: bool = False  # are labels asked for, in the place of the number to add?
    race: Race | None = None  # the last one
    finetune_run: str = ""  # id of the run that learns the examples, or failed to; "" is none
    sheet: CanvasState = field(default_factory=CanvasState)  # a drawing for a data set of one's own
    own_dataset: str = ""  # name of the visitor's own data set that they trained on last
    is_dataset_gone: bool = False  # the one that the link named, and has to be told so
    brought: int = 0  # how often pictures were brought: the next ones get new widgets
    picked_class: str = ""  # of the visitor's pictures, of which some are being chosen to remove
    data_trouble: str = ""  # why the last ones could not be read, in a sentence
    lr_shown: tuple[str, float] = ("", 0.0)  # run and rate, on its slider
    lr_generation: int = 0  # how often another tab changed that: the next slider is a new one
    settings_generation: int = 0  # how often the page itself chose settings of the next run
    unseen_run: str = ""  # id of the run whose end the Train page has still to show
    arrivals: int = 0  # how often the page has to begin at its top; see views/frame/news.py
    news: str = ""  # said once on the next page, in a sentence; "" is nothing
    answered: Answered | None = None  # on the Draw page; None while there is no picture
    moved: Findings | None = None  # how the shifted picture of a lesson is read
    guesses: dict[str, Guess] = field(default_factory=dict)  # by "rate.loss": lesson and step
    seen: dict[str, Findings] = field(default_factory=dict)  # what was measured, by the same
    places: dict[str, int] = field(default_factory=dict)  # how far each lesson is: its step
    prepared: str = ""  # the step that the page was last prepared for, as in `guesses`
    before_lesson: Link | None = None  # what was chosen when the lesson began; None: a link's
    before_tour: Link | None = None  # what was chosen when the tour began; None: a link's
    tour_left: int = 0  # the step of the tour at which it was closed
    quiz: Quiz | None = None

    def arrive(self, news: str = "") -> None:
        """What was just caused stands at the top of the page that comes: show that, and say it."""
        self.arrivals += 1
        self.news = news

    @property
    def known_networks(self) -> set[str]:
        """Names of the networks that may be this visitor's to choose from; some may be gone.

        Those of their own runs, and those that a link brought, whatever was chosen since.
        """
        link = self.link
        chosen = {link.run, link.network, *link.compared}
        return chosen.union(self.own_runs, self.brought_networks)

    def choose(self, **choices: Any) -> None:
        """Replace choices of the link by new ones, by the names of `Link`."""
        self.link = replace(self.link, **choices)


def get_session() -> Session:
    """This visitor's session; the address that they came with fills it at the start."""
    if "session" not in st.session_state:
        query = st.query_params.to_dict()
        dataset = query.get("dataset", "")
        is_dataset_here = is_kept(runs_dir(), dataset)  # the link can be read only then
        link = parse_link(query)
        job = cached_finetune_job(link.network)
        run = find_run(runs_dir(), link.run)
        st.session_state.session = Session(
            link,
            canvas=CanvasState().show(link.strokes) if link.strokes else CanvasState(),
            source="draw" if link.picture is None else "test",
            before_tour=link if link.tour else None,
            picture=link.picture or 0,
            brought_networks=(link.run, link.network, *link.compared),
            examples=list(job.examples) if job else [],
            is_link_cut=is_cut(query),
            own_dataset=dataset if is_dataset_here else "",
            is_dataset_gone=dataset.startswith(OWN) and not is_dataset_here,
            other_parameters=_other_parameters(),
            unseen_run=link.run if run and not run.state().is_finished else "",
        )
        _recall_runs(st.session_state.session)
    found: Session = st.session_state.session
    return found


def _recall_runs(session: Session) -> None:
    """Find the runs that this browser started before a reload or in another tab.

    The newest that goes on is the one of the Train page, unless the address names another run. The
    run of a quiz stays a secret.
    """
    browser = browser_of_session(session)
    entries = [entry for entry in list_entries(runs_dir()) if entry.request.session == browser]
    kept = [e for e in entries if not e.state.is_finished or e.state.is_usable]
    newest = [entry for entry in kept if not entry.request.secret][-MOST_RECALLED:]
    session.own_runs = [entry.run.id for entry in newest]
    live = [e.run.id for e in newest if not e.state.is_finished and e.request.base is None]
    if live and not session.link.run:
        session.choose(run=live[-1])
        session.unseen_run = live[-1]


def _other_parameters() -> dict[str, list[str]]:
    """What the host or whoever sent the link put into the address; nothing where it is too long."""
    query = st.query_params
    found = {name: query.get_all(name) for name in query if name not in OWN_PARAMETERS}
    size = sum(len(name) * len(texts) + sum(map(len, texts)) for name, texts in found.items())
    return found if size <= MAX_OTHERS_TEXT else {}


def cached_finetune_job(network: str) -> FinetuneJob | None:
    """What a network was fine-tuned with, read once for all visitors; None for another network."""
    run = find_run(runs_dir(), network)
    try:
        written = (run.path / "examples.jsonl").stat().st_mtime_ns if run else 0
    except OSError:
        return None
    return _finetune_job(runs_dir(), network, written) if written else None


@st.cache_resource(max_entries=32, show_spinner=False)
def _finetune_job(root: Path, network: str, written: int) -> FinetuneJob | None:
    """Its examples are drawn once, too: a hundred scribbles take half a second."""
    job = finetune_job_of(root, network)
    draw_all(job.examples if job else [])
    return job


def draw_all(examples: list[HandExample]) -> None:
    """Make the image of each example, which it then keeps."""
    for example in examples:
        with heavy_work():
            _ = example.image


def widget_value(key: str) -> Any:
    """What the visitor just chose in a widget: for callbacks, which run before the page does."""
    return st.session_state[key]


def show_in_widget(key: str, value: str) -> None:
    """Let a widget that comes next show what the page itself chose."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def is_dark() -> bool:
    """Does the visitor's browser show the dark theme?"""
    return st.context.theme.type == "dark"
