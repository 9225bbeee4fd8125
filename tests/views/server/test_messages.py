"""Messages are judged by their tags and lengths alone, and as protobuf itself would read them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from views.server.messages import (
    MAX_KIND_BYTES,
    BrowserRequest,
    MessageError,
    ends_a_run,
    read_request,
)

ROOM = 400_000  # bytes for a run


def rerun(fragment: str = "", widgets: int = 0) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = fragment
    for number in range(widgets):
        message.rerun_script.widget_states.widgets.add(id=f"w{number}", bool_value=True)
    return message.SerializeToString()


@pytest.mark.parametrize("fragment", ["", "board"])
def test_a_run_of_a_part_is_told_from_one_of_the_whole_page(fragment):
    assert read_request(rerun(fragment), ROOM) == BrowserRequest("rerun_script", bool(fragment))


@pytest.mark.parametrize("kind", ["stop_script", "app_heartbeat"])
def test_what_the_pages_use_is_known_by_its_name(kind):
    assert read_request(BackMsg(**{kind: True}).SerializeToString(), ROOM) == BrowserRequest(kind)


@pytest.mark.parametrize(
    "kind",
    [field.name for field in BackMsg.DESCRIPTOR.fields if field.name not in MAX_KIND_BYTES],
)
def test_what_the_pages_do_not_use_asks_nothing(kind):
    assert read_request(BackMsg(**{kind: True}).SerializeToString(), ROOM) == BrowserRequest("")


def test_an_empty_message_asks_nothing():
    assert read_request(b"", ROOM) == BrowserRequest("")


def test_millions_of_names_are_refused_unread():
    message = BackMsg()
    message.file_urls_request.file_names.extend([""] * 100_000)
    with pytest.raises(MessageError, match=r"file_urls_request of 200,000 bytes"):
        read_request(message.SerializeToString(), ROOM)


def test_a_page_may_ask_for_a_few_files():
    message = BackMsg()
    message.file_urls_request.file_names.extend(["seven.png"] * 5)
    assert read_request(message.SerializeToString(), ROOM).kind == "file_urls_request"


def test_a_page_has_room_for_its_widgets_and_nobody_for_thousands():
    assert read_request(rerun(widgets=300), ROOM).is_run
    with pytest.raises(MessageError, match="more than 2,000 fields"):
        read_request(rerun(widgets=2_001), ROOM)


def test_a_run_may_be_no_larger_than_the_limit():
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add(id="pen", json_value="x" * 1_000)
    content = message.SerializeToString()
    assert read_request(content, 2_000).is_run
    with pytest.raises(MessageError, match="bytes"):
        read_request(content, 900)


def test_two_questions_in_one_message_are_refused():
    with pytest.raises(MessageError, match="more than 1 fields"):
        read_request(rerun() + BackMsg(clear_cache=True).SerializeToString(), ROOM)


@given(message=some.binary(max_size=200))
def test_any_bytes_ask_something_or_are_refused_in_words(message):
    try:
        request = read_request(message, ROOM)
    except MessageError as error:
        assert str(error)
    else:
        assert request.kind in ("", *MAX_KIND_BYTES)


@given(message=some.binary(max_size=60))
@example(message=b"=\0\0\0\0")  # `stop_script`, but as a number of four bytes
def test_what_is_let_through_is_what_protobuf_reads(message):
    try:
        kind = read_request(message, ROOM).kind
        heard = BackMsg.FromString(message).WhichOneof("type")
    except Exception:
        return  # refused by either
    assert kind in ("", heard)


@pytest.mark.parametrize("wire", [0, 1, 5])
def test_a_fragment_that_protobuf_does_not_see_is_none(wire):
    """Else a whole page could pass for a part of one, which gets its turn sooner."""
    number = ClientState.DESCRIPTOR.fields_by_name["fragment_id"].number
    state = bytes([number << 3 | wire, *b"\1" * {0: 1, 1: 8, 5: 4}[wire]])
    message = BackMsg(rerun_script=ClientState.FromString(state)).SerializeToString()
    assert not BackMsg.FromString(message).rerun_script.fragment_id
    assert read_request(message, ROOM).is_run
    assert not read_request(message, ROOM).is_fragment


def test_the_end_of_a_run_is_seen_among_what_is_sent():
    ended = ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
    ended.hash = "3f2a"
    assert ends_a_run(ended.SerializeToString())
    page = ForwardMsg()
    page.delta.new_element.html.body = "0" * 50
    assert not ends_a_run(page.SerializeToString())
    assert not ends_a_run(b"\xff")


def test_a_long_message_is_no_end_of_a_run_and_is_not_read():
    """Only the pictures and tables of a page are long."""
    ended = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    ended.hash = "0" * 150
    assert ends_a_run(ended.SerializeToString())
    ended.hash = "0" * 200
    assert not ends_a_run(ended.SerializeToString())


def test_a_request_that_is_no_run_may_be_as_large_as_its_kind_allows():
    message = BackMsg()
    message.file_urls_request.request_id = "x" * 19_990
    assert read_request(message.SerializeToString(), 10).kind == "file_urls_request"
    message.file_urls_request.request_id = "x" * 20_000
    with pytest.raises(MessageError, match="file_urls_request of 20,004 bytes"):
        read_request(message.SerializeToString(), ROOM)


@pytest.mark.parametrize("size", [127, 128, 20_000])
def test_a_length_of_several_bytes_is_read(size):
    message = BackMsg()
    message.rerun_script.query_string = "x" * size
    message.rerun_script.fragment_id = "board"
    assert read_request(message.SerializeToString(), ROOM) == BrowserRequest("rerun_script", True)


@pytest.mark.parametrize("message", [b"\x5a\x7f", b"\x5a", b"\x5a\x05\x2a\x7f\x41\x41\x41"])
def test_a_message_that_says_more_than_it_holds_is_refused(message):
    """Field 11, of 127 bytes that are not there; and the same one level deeper."""
    with pytest.raises(MessageError, match="half a message"):
        read_request(message, ROOM)
