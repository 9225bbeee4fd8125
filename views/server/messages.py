"""What a browser may say on Streamlit's socket, judged before anything is parsed.

A message is a protobuf `BackMsg` with one field, whose number says what is asked. One example: the
bytes `5a 0a 2a 08 ...` are field 11, `rerun_script`, of 10 bytes, and field 5 of these is the
fragment that is to run again. Only tags and lengths are read here, so a message of millions of
empty names costs no more than its first few hundred.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# What the pages use, and the most bytes of it but for `rerun_script`, which `Limits` bounds.
MAX_KIND_BYTES = {
    "rerun_script": 0,
    "stop_script": 16,
    "app_heartbeat": 16,
    "file_urls_request": 20_000,
    "backend_operation_request": 2_000,
}
MAX_FIELDS = 2_000  # of a client's state; a page of ours has about a hundred widgets
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protobuf


def _tag(field: Any) -> tuple[int, int]:
    """Number and wire type of a field; the pages use none of a fixed size."""
    is_bytes = field.type in (field.TYPE_MESSAGE, field.TYPE_STRING, field.TYPE_BYTES)
    return field.number, BYTES if is_bytes else VARINT


NAMES = {_tag(field): field.name for field in BackMsg.DESCRIPTOR.fields}
WIDGET_STATES = _tag(ClientState.DESCRIPTOR.fields_by_name["widget_states"])
FRAGMENT_ID = _tag(ClientState.DESCRIPTOR.fields_by_name["fragment_id"])
SCRIPT_FINISHED = _tag(ForwardMsg.DESCRIPTOR.fields_by_name["script_finished"])


class MessageError(ValueError):
    """No message of a page of ours; says why in a few words."""


class BrowserRequest(NamedTuple):
    """What a message asks."""

    kind: str  # name of the field of `BackMsg`; "" for nothing that the pages use
    is_fragment: bool = False  # is a part of the page to run, and not the whole?

    @property
    def is_run(self) -> bool:
        return self.kind == "rerun_script"


def read_request(message: bytes, max_run_bytes: int) -> BrowserRequest:
    """What a message from a browser asks.

    Raises:
        MessageError: it is no `BackMsg`, has several parts, or is too large for its kind.
    """
    parts = list(_fields(message, 1))
    if not parts:
        return BrowserRequest("")
    tag, start, end = parts[0]
    kind = NAMES.get(tag, "")
    if kind not in MAX_KIND_BYTES:
        return BrowserRequest("")
    if end - start > (MAX_KIND_BYTES[kind] or max_run_bytes):
        raise MessageError(f"{kind} of {end - start:,} bytes")
    if kind != "rerun_script":
        return BrowserRequest(kind)
    state = message[start:end]
    fragment = False
    for tag, start, end in _fields(state, MAX_FIELDS):
        fragment |= tag == FRAGMENT_ID and end > start
        if tag == WIDGET_STATES:
            for _ in _fields(state[start:end], MAX_FIELDS):
                pass  # counted
    return BrowserRequest(kind, fragment)


def ends_a_run(message: bytes) -> bool:
    """Does a message to a browser say that a script has finished? Such a message is short."""
    if len(message) > 200:
        return False
    try:
        return any(tag == SCRIPT_FINISHED for tag, _, _ in _fields(message, 10))
    except MessageError:
        return False


def _fields(message: bytes, most: int) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Number and wire type of each field, in order, and where its value starts and ends.

    A field of another wire type than ours is none of ours: protobuf passes over it, too.

    Raises:
        MessageError: it is no protobuf message, or has more fields.
    """
    at = count = 0
    while at < len(message):
        count += 1
        if count > most:
            raise MessageError(f"more than {most:,} fields")
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == VARINT:
            start, (_, end) = at, _varint(message, at)
        elif wire == BYTES:
            size, start = _varint(message, at)
            end = start + size
        elif wire in (FIXED64, FIXED32):
            start, end = at, at + (8 if wire == FIXED64 else 4)
        else:
            raise MessageError("no message of this app")
        if end > len(message):
            raise MessageError("half a message")
        yield (tag >> 3, wire), start, end
        at = end


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of up to ten bytes, seven bits each, and where it ends."""
    value = 0
    for place in range(10):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise MessageError("half a message")
