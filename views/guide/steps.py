"""A course is the tour or a lesson: steps that ask for a guess or wait for something to be done.

One example: the lesson "weight" asks how often the sum will be right (a question), waits for a run
in which the sum counts nothing (a task), and says what was guessed beside what was measured.

    story.guesses   {"sum": 50}                      by the name of the step
    story.seen      {"off": {"sum_acc": 0.098}}      what was measured when its task was done
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from views.session.session import Findings, Guess, Session

_T = TypeVar("_T")


@dataclass(frozen=True)
class CourseQuestion:
    """What a visitor is to guess: one of some options or, where there are none, a whole number."""

    asks: str
    options: Mapping[str, str] = field(default_factory=dict)  # words by name
    numbers: tuple[int, int, int] = (0, 100, 50)  # lowest, highest, where the slider begins
    unit: str = "%"  # behind a number

    def say(self, guess: Guess) -> str:
        """A guess in words."""
        return self.options.get(str(guess), "") if self.options else f"{guess} {self.unit}"

    def check(self, guess: object) -> Guess | None:
        """What a browser sent, if it is an answer to this question."""
        if self.options:
            return guess if isinstance(guess, str) and guess in self.options else None
        low, high, _ = self.numbers
        return guess if type(guess) is int and low <= guess <= high else None


@dataclass(frozen=True)
class Story:
    """What a visitor guessed and saw so far in one course, by the names of its steps."""

    guesses: Mapping[str, Guess]
    seen: Mapping[str, Findings]


Words = str | Callable[[Story], str]
Look = Callable[
    [Session, Story], Findings | None
]  # what was measured; None as long as it is not done


def nothing_to_prepare(session: Session) -> None:
    """Of a step that leaves the page as it is."""


@dataclass(frozen=True)
class Step:
    """One thing: a question, a task, or words alone."""

    name: str
    says: Words  # what to do, in the plainest words
    page: str | None = None  # where, by its name in the address; None is anywhere
    targets: tuple[str, ...] = ()  # keys of the controls that it is about; the last one matters
    question: CourseQuestion | None = None
    look: Look | None = None  # is it done?
    told: Words = ""  # what was seen, once it is done
    prepare: Callable[[Session], None] = nothing_to_prepare  # of the page, when the step begins


@dataclass(frozen=True)
class Course:
    """The tour, or a lesson."""

    name: str  # "tour", or the lesson's in the address
    title: str
    steps: tuple[Step, ...]

    def story(self, session: Session) -> Story:
        """What this visitor guessed and saw in it."""
        return Story(_of(self.name, session.guesses), _of(self.name, session.seen))

    def is_done(self, step: Step, story: Story) -> bool:
        """May the visitor go on to the next step?"""
        if step.question:
            return step.name in story.guesses
        return step.look is None or step.name in story.seen

    def guess(self, session: Session, step: Step, guess: Guess) -> None:
        """Keep what the visitor guessed."""
        session.guesses[f"{self.name}.{step.name}"] = guess

    def look(self, session: Session, step: Step) -> bool:
        """Has the task of a step been done just now? Then what was measured is kept."""
        story = self.story(session)
        if step.look is None or step.name in story.seen:
            return False
        facts = step.look(session, story)
        if facts is not None:
            session.seen[f"{self.name}.{step.name}"] = facts
        return facts is not None

    def forget(self, session: Session) -> None:
        """Begin anew."""
        for found in (session.guesses, session.seen):
            for key in [key for key in found if key.startswith(f"{self.name}.")]:
                del found[key]


def _of(course: str, found: Mapping[str, _T]) -> dict[str, _T]:
    start = f"{course}."
    return {key.removeprefix(start): v for key, v in found.items() if key.startswith(start)}


def words_of(words: Words, story: Story) -> str:
    """Words that may depend on what was guessed and seen."""
    return words if isinstance(words, str) else words(story)


# --- guesses beside what was measured


def judge_number(story: Story, step: str, question: CourseQuestion, measured: float) -> str:
    """A guessed number beside the measured one, both in the question's unit."""
    guess = story.guesses.get(step)
    text = f"{measured:.1f}".removesuffix(".0")
    if not isinstance(guess, int):
        return f"Measured: **{text} {question.unit}**."
    off = abs(guess - measured)
    how = "Well guessed." if off <= 5 else f"That is {off:.0f} off."
    return f"You guessed {guess} {question.unit}. Measured: **{text} {question.unit}**. {how}"


def judge_option(story: Story, step: str, question: CourseQuestion, right: str) -> str:
    """A guessed option beside the one that was measured."""
    guess = story.guesses.get(step)
    measured = question.say(right)
    if guess is None:
        return f"Measured: **{measured}**."
    if guess == right:
        return f"You guessed right: **{measured}**."
    return f"You guessed: {question.say(guess)}. Measured: **{measured}**."
