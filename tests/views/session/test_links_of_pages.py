"""What a link to a page carries: the picture, number and network, and what made that."""

import pytest

from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, runs_dir
from core.runs.snapshot import read_snapshot
from tests.support.pages import finished
from views.input.sources import EXAMPLES
from views.session.address import run_link, shared_link
from views.session.canvas_state import CanvasState
from views.session.link import DEFAULT_SETTINGS, QUICK, Link
from views.session.session import Session

ODD = QUICK.change({"lr": 3.0})


@pytest.fixture
def session() -> Session:
    """A visitor who has drawn, and chosen settings and a bug on the Train page."""
    link = Link(addend=4, settings=ODD.settings(), bug="relu")
    return Session(link, CanvasState().show(EXAMPLES["3"]), picture=13)


def trained(recipe: Recipe = QUICK) -> Run:
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    return run


@pytest.mark.parametrize(
    ("source", "strokes", "picture"),
    [("draw", EXAMPLES["3"], None), ("test", (), 13), ("upload", (), None)],
)
def test_a_link_carries_the_one_picture_that_is_shown(session, source, strokes, picture) -> None:
    session.source = source
    link = shared_link(session)
    assert (link.strokes, link.picture) == (strokes, picture)


def test_a_link_to_a_shipped_network_has_no_settings_of_the_next_run(session) -> None:
    link = shared_link(session)
    assert (link.network, link.settings, link.bug) == ("mnist", DEFAULT_SETTINGS, "")
    beside = read_snapshot(trained(ODD))  # on the page, and not what answers
    assert shared_link(session, beside).settings == DEFAULT_SETTINGS


def test_a_link_to_a_run_has_what_made_it_and_not_the_next_settings(session) -> None:
    recipe = QUICK.change({"width": 8}).with_bug("softmax")
    run, before = trained(recipe), trained()
    session.choose(run=run.id, rival=before.id)
    link = run_link(session)
    assert (link.run, link.rival) == (run.id, before.id)
    assert (link.settings, link.bug) == (recipe.settings(), "softmax")
    session.choose(network=run.id, compared=("mnist", run.id), view="sums", look="map")
    link = shared_link(session)
    assert (link.settings, link.bug, link.network) == (recipe.settings(), "softmax", run.id)
    assert (link.run, link.rival, link.compared) == ("", "", ())
    assert (link.view, link.look) == (Link.view, Link.look)


def test_before_the_first_run_a_link_has_the_next_settings(session) -> None:
    link = run_link(session)
    assert (link.run, link.settings, link.bug) == ("", ODD.settings(), "relu")


def test_a_link_names_the_network_that_is_gone_and_not_its_stand_in(session) -> None:
    """It may be there again on the machine of whoever opens it."""
    session.gone_network = "0123456789abcdef"
    link = shared_link(session)
    assert (link.network, link.settings) == ("0123456789abcdef", ODD.settings())
