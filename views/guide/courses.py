"""Which course a visitor is in, at which step, and the ways into it, on and out of it."""

import streamlit as st

from core.recipes.settings import SETTINGS
from views.guide.draw_lessons import COURSES
from views.guide.steps import Course, Step, nothing_to_prepare
from views.guide.tour import TOUR
from views.session import networks
from views.session.lessons import LESSONS
from views.session.link import Link
from views.session.navigation import go_to, page_name
from views.session.session import Session

NEEDED_FOR_TOUR = {"pages", "number", "teach", "bug", "sources", *SETTINGS}


def current_course(session: Session) -> Course | None:
    """The tour or the lesson that the address names; the tour comes first."""
    return TOUR if session.link.tour else COURSES.get(session.link.lesson)


def step_place(session: Session, course: Course) -> int:
    """Which step of the course the visitor is at, from 0 on."""
    place = session.link.tour - 1 if course is TOUR else session.places.get(course.name, 0)
    return max(0, min(len(course.steps) - 1, place))


def go_on(session: Session, course: Course, place: int) -> None:
    """To another step and to its page, now: what stands behind the call is not done."""
    if course is TOUR:
        session.choose(tour=place + 1)
    else:
        session.places[course.name] = place
    step = course.steps[place]
    prepare_step(session, course, step)
    if step.page is not None and step.page != page_name(session):
        go_to(step.page)
    st.rerun()


def prepare_step(session: Session, course: Course, step: Step) -> bool:
    """Prepare the page for a step that begins; True if that changed anything.

    A link may lead into the middle of the tour, so the panel asks too.
    """
    key = f"{course.name}.{step.name}"
    if session.prepared == key or course.is_done(step, course.story(session)):
        return False
    session.prepared = key
    step.prepare(session)
    return step.prepare is not nothing_to_prepare


def can_take_tour(session: Session) -> bool:
    """Is all there that the tour takes, once a lesson is closed? A link may hide or fix it."""
    link = session.link
    if link.lesson:
        link = session.before_lesson or Link()
    return not NEEDED_FOR_TOUR & {*link.hidden, *link.locked}


def begin_tour(session: Session) -> None:
    """Begin the tour, or go on where it was closed; now, on its step's page."""
    if session.link.lesson:
        close(session, COURSES[session.link.lesson])
    if not session.tour_left:
        TOUR.forget(session)
    session.before_tour = session.link
    go_on(session, TOUR, session.tour_left - 1 if session.tour_left else 0)


def begin_lesson(session: Session, name: str) -> None:
    """Open a lesson on its page, now; one that was left in the middle goes on there."""
    course, lesson = COURSES[name], LESSONS[name]
    if session.link.tour:
        close(session, TOUR)
    if is_over(session, course):
        course.forget(session)
        session.places.pop(name, None)
    if not session.link.lesson:
        session.before_lesson = session.link
    link = lesson.link
    session.choose(
        lesson=name,
        settings=link.settings,
        bug=link.bug,
        hidden=link.hidden,
        locked=link.locked,
        addend=link.addend,
        tour=0,
    )
    if lesson.page == "":  # these lessons are about the shipped network
        networks.use_network(session, link.network)
        session.source = "draw"
        session.canvas = session.canvas.clear().show(link.strokes)  # Undo brings back what was
    session.settings_generation += 1
    session.prepared = ""  # what its step needs is chosen again
    session.moved = None
    if page_name(session) != (lesson.page or "draw"):
        go_to(lesson.page or "draw")
    go_on(session, course, step_place(session, course))


def close(session: Session, course: Course, *, at_end: bool = False) -> None:
    """Leave a course where it is. What it fixed and hid is as it was before."""
    if course is TOUR:
        session.tour_left = 0 if at_end else session.link.tour
        session.prepared = ""  # what a step needs is chosen again when it goes on
        before, session.before_tour = session.before_tour or Link(), None
        # A link into the middle of the tour has the bug of the tour.
        session.choose(tour=0, settings=before.settings, bug="" if before.tour else before.bug)
        session.settings_generation += 1
        return
    before = session.before_lesson or Link()
    session.before_lesson = None
    session.choose(
        lesson="",
        settings=before.settings,
        bug=before.bug,
        hidden=before.hidden,
        locked=before.locked,
    )
    session.settings_generation += 1


def is_over(session: Session, course: Course) -> bool:
    """Has the visitor done all of its steps?"""
    story = course.story(session)
    return bool(story.guesses) and all(course.is_done(step, story) for step in course.steps)


def next_lesson(session: Session, course: Course) -> Course | None:
    """The first lesson after this one, in the order of the page, that is not done yet."""
    names = list(COURSES)
    place = names.index(course.name) + 1 if course.name in COURSES else 0
    found = (COURSES[name] for name in names[place:] + names[: max(0, place - 1)])
    return next((each for each in found if not is_over(session, each)), None)
