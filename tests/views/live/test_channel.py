"""A visitor's socket of the live channel, spoken to as uvicorn speaks to it."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.websockets import WebSocket

from core.runs import limits
from core.storage.checkpoint import CheckpointError
from tests.support.asgi import Message, settle
from views.draw.live import LiveAnswer
from views.input.question import LONG, Question
from views.live import channel
from views.live.channel import Channel

Most = Callable[..., None]


class Answers:
    """In place of the thread that answers: notes what is asked, and answers when told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Question, Future[LiveAnswer]]] = []

    def ask(self, question: Question) -> "Future[LiveAnswer]":
        future: Future[LiveAnswer] = Future()
        self.asked.append((question, future))
        return future

    def answer(self) -> None:
        for question, future in self.asked:
            if not future.done():
                future.set_result(LiveAnswer(f"to {question.id}", id=question.id))

    @property
    def ids(self) -> list[int]:
        return [question.id for question, _ in self.asked]


class Visitor:
    """A socket: what is said goes in, `got` comes out."""

    def __init__(self, channel: Channel, address: str = "10.0.0.1") -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.got: list[Message] = []
        self.said.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/live", "headers": [], "client": (address, 1)}
        socket = WebSocket(scope, self.said.get, self._hear)
        self.task = asyncio.ensure_future(channel.answer(socket))

    async def _hear(self, message: Any) -> None:
        self.got.append(message)

    def ask(self, number: int, points: int = 0) -> None:
        question = {"network": "mnist", "addend": 4, "source": "draw", "id": number}
        pen = [[1.0] * 2 * points] if points else []
        self.say(json.dumps(question | {"pen": pen}))

    def say(self, text: str) -> None:
        self.said.put_nowait({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, 10)

    @property
    def answers(self) -> list[int]:
        return [json.loads(each["text"])["id"] for each in self.got if "text" in each]

    @property
    def closed(self) -> Message | None:
        return next((each for each in self.got if each["type"] == "websocket.close"), None)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    found = Answers()
    monkeypatch.setattr(channel, "_answerer", found)
    return found


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> Most:
    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.Limits(), **values))

    return change


def test_a_question_is_answered(answers):
    async def play() -> None:
        visitor = Visitor(Channel())
        visitor.ask(7)
        await settle()
        answers.answer()
        await settle()
        assert visitor.answers == [7]
        await visitor.leave()
        assert visitor.closed is None

    asyncio.run(play())


def test_the_newest_question_wins_and_older_ones_are_never_computed(answers):
    async def play() -> None:
        visitor = Visitor(Channel())
        visitor.ask(1)
        await settle()
        for number in range(2, 30):
            visitor.ask(number)
        await settle()
        answers.answer()
        await settle()
        answers.answer()
        await settle()
        assert answers.ids == visitor.answers == [1, 29]
        await visitor.leave()

    asyncio.run(play())


def test_nothing_of_one_visitor_reaches_another(answers):
    async def play() -> None:
        one, other = (Visitor(shared, address) for address in ("10.0.0.1", "10.0.0.2"))
        one.ask(1)
        other.ask(2)
        await settle()
        answers.answer()
        await settle()
        assert (one.answers, other.answers) == ([1], [2])
        await one.leave()
        await other.leave()

    shared = Channel()
    asyncio.run(play())


def test_many_pens_of_one_address_wait_for_each_other_and_not_others_for_them(answers, most):
    most(live_answers=3)

    async def play() -> None:
        crowd = [Visitor(shared, "10.0.0.1") for _ in range(20)]
        for visitor in crowd:
            visitor.ask(1)
        await settle()
        assert len(answers.asked) == 2
        other = Visitor(shared, "10.0.0.2")
        other.ask(99)
        await settle()
        assert answers.ids == [1, 1, 99]
        for visitor in (*crowd, other):
            await visitor.leave()

    shared = Channel()
    asyncio.run(play())


def test_long_drawings_take_turns_of_their_own(answers):
    async def play() -> None:
        long = [Visitor(shared) for _ in range(20)]
        for number, visitor in enumerate(long):
            visitor.ask(number, points=LONG + 1)
        await settle()
        assert len(answers.asked) == 1
        short = Visitor(shared)
        short.ask(99, points=LONG)
        await settle()
        assert answers.ids[1:] == [99]
        for visitor in (*long, short):
            await visitor.leave()

    shared = Channel()
    asyncio.run(play())


def test_a_visitor_who_leaves_gives_the_place_back(answers, most):
    most(live_answers=1)

    async def play() -> None:
        gone, other = Visitor(shared), Visitor(shared)
        gone.ask(1)
        await settle()
        other.ask(2)
        await settle()
        assert answers.ids == [1]
        await gone.leave()
        await settle()
        assert answers.ids == [1, 2]
        await other.leave()

    shared = Channel()
    asyncio.run(play())


@given(some.text())
def test_junk_closes_the_socket_with_a_reason(text):
    async def play() -> None:
        visitor = Visitor(Channel())
        visitor.say(text)
        await asyncio.wait_for(visitor.task, 10)
        assert visitor.closed and visitor.closed["code"] == 1002
        assert visitor.closed["reason"].startswith("No question")
        assert len(visitor.closed["reason"].encode()) <= 123  # what a close frame has room for

    asyncio.run(play())


@pytest.mark.parametrize("frame", [{"bytes": b"\x00\x01"}, {"bytes": None, "text": None}])
def test_a_binary_frame_closes_it_too(frame):
    async def play() -> None:
        visitor = Visitor(Channel())
        visitor.said.put_nowait({"type": "websocket.receive"} | frame)
        await asyncio.wait_for(visitor.task, 10)
        assert visitor.closed and visitor.closed["code"] == 1002

    asyncio.run(play())


def test_between_two_long_drawings_others_have_the_machine(answers, monkeypatch):
    monkeypatch.setattr(channel, "LONG_REST", 1e9)

    async def play() -> None:
        long = [Visitor(shared) for _ in range(2)]
        for visitor in long:
            visitor.ask(1, points=LONG + 1)
        await settle()
        answers.answer()
        await settle()
        assert len(answers.asked) == 1  # the other one still waits
        short = Visitor(shared)
        short.ask(99)
        await settle()
        assert answers.ids[1:] == [99]
        for visitor in (*long, short):
            await visitor.leave()

    shared = Channel()
    asyncio.run(play())


@pytest.mark.parametrize(("points", "left"), [(0, 40), (1_500, 55)])  # 15 KB count as four
def test_who_asks_too_fast_or_too_much_is_heard_later(answers, most, points, left):
    most(live_questions_per_second=10)

    async def play() -> None:
        visitor = Visitor(Channel())
        for number in range(60):
            visitor.ask(number, points=points)
        await settle()
        assert abs(visitor.said.qsize() - left) < 6  # some at once, the rest by and by
        visitor.task.cancel()

    asyncio.run(play())


@pytest.mark.parametrize("error", [ZeroDivisionError(), CheckpointError("Gone.")])
def test_an_answer_that_fails_has_no_words_and_the_next_one_has(answers, error):
    async def play() -> None:
        visitor = Visitor(Channel())
        visitor.ask(1)
        await settle()
        answers.asked[0][1].set_exception(error)
        await settle()
        visitor.ask(2)  # as a browser does once it has heard
        await settle()
        answers.answer()
        await settle()
        heard = [json.loads(each["text"]) for each in visitor.got if "text" in each]
        assert [(each["id"], each["answers"]) for each in heard] == [(1, None), (2, "to 2")]
        assert visitor.closed is None
        await visitor.leave()

    asyncio.run(play())
