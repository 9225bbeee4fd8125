"""The websocket of the live channel: questions in, answers out, the newest question first.

A browser asks once its last answer has come. One that does not wait is answered only what it asked
last: questions never queue up. The guard (views/server) stands in front of it, as of Streamlit.
"""

import asyncio
import contextlib
from typing import NoReturn

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.runs import limits, log
from core.storage.checkpoint import CheckpointError
from views.draw.live import LiveAnswer
from views.input.question import Question, QuestionError, parse_question
from views.live.answerer import Answerer
from views.server.guard import NONSENSE, address_of
from views.server.turns import Bucket, Turns

LONGEST_ANSWER = 60.0  # seconds; an answer is there long before
LONG_REST = 1.0  # times as long as a long drawing took do others have the machine after it
QUESTION_BYTES = 4_000  # of a usual question; a larger one counts as several

_answerer = Answerer()


class Channel:
    """All sockets of the live channel."""

    def __init__(self) -> None:
        self.lanes: tuple[Turns, Turns] | None = None

    async def answer(self, socket: WebSocket) -> None:
        """One visitor's socket, until it closes."""
        if self.lanes is None:
            places = int(limits.LIMITS.live_answers)
            self.lanes = (
                Turns(places, max(1, places - 1), LONGEST_ANSWER),
                Turns(1, 1, LONGEST_ANSWER, LONG_REST),
            )
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, OSError):
            try:
                await Conversation(socket, *self.lanes).run()
            except QuestionError as error:
                log.event("live socket closed", reason=str(error))
                await socket.close(NONSENSE, str(error))


class Conversation:
    """One visitor's questions and answers."""

    def __init__(self, socket: WebSocket, turns: Turns, long_turns: Turns) -> None:
        self.socket, self.turns, self.long_turns = socket, turns, long_turns
        self.address = address_of(socket.scope)
        self.newest: Question | None = None
        self.asked = asyncio.Event()
        rate = limits.LIMITS.live_questions_per_second
        self.questions = Bucket(rate, 2 * rate)

    async def run(self) -> None:
        """Hear and answer at the same time.

        Raises:
            QuestionError: what came was no question.
            WebSocketDisconnect: the visitor has gone.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear())
                group.create_task(self._answer())
        except BaseExceptionGroup as group_error:
            _raise_first(group_error)
        finally:
            self.turns.forget(self)
            self.long_turns.forget(self)

    async def _hear(self) -> None:
        while True:
            text = await self._next()
            self.newest = parse_question(text)
            self.asked.set()
            # who asks too fast, or too much, is heard later
            await asyncio.sleep(self.questions.take(max(1.0, len(text) / QUESTION_BYTES)))

    def _lane(self) -> Turns:
        """Long drawings take turns of their own, one at a time: others do not wait for them."""
        return self.long_turns if self.newest and self.newest.is_long else self.turns

    async def _next(self) -> str:
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        text = message.get("text")
        if not isinstance(text, str):
            raise QuestionError("No question: not text")
        return text

    async def _answer(self) -> None:
        while True:
            await self.asked.wait()
            turns = self._lane()
            await turns.enter(self.address, self)
            try:
                question = self.newest
                if question is None or turns is not self._lane():
                    continue  # meanwhile a drawing of another length is the newest
                self.asked.clear()
                answer = await _answer_to(question)
            finally:
                turns.leave(self)
            await self.socket.send_text(msgspec.json.encode(answer).decode())


async def _answer_to(question: Question) -> LiveAnswer:
    """The answer; one without words where it is lost, so that the browser asks again."""
    try:
        return await asyncio.wrap_future(_answerer.ask(question))
    except QuestionError:
        raise
    except CheckpointError:
        pass  # the page says what to do about it
    except Exception as error:
        log.event("live answer failed", error=repr(error))
    return LiveAnswer(id=question.id)


def _raise_first(group: BaseExceptionGroup[BaseException]) -> NoReturn:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    raise error


CHANNEL = Channel()
