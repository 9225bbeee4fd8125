"""Of uploaded files, only the last few stay in memory."""

import asyncio
from collections.abc import Container
from pathlib import Path

from core.library import reading
from core.runs.run import runs_dir
from tests.support.asgi import Browser, Streamlit
from views.server import uploads as uploading
from views.server.guard import Guard
from views.server.uploads import KEPT_FILES, Uploads


def kept(
    max_bytes: int, *files: tuple[str, str, int], read: Container[str] = ()
) -> tuple[Uploads, list[tuple[str, str]]]:
    """After these `files` came. Of those that are `read`, by name, the server has let go."""
    gone: list[tuple[str, str]] = []

    def forget(session: str, file: str) -> None:
        gone.append((session, file))

    uploads = Uploads(max_bytes, forget, lambda session, file: file not in read)
    for file in files:
        uploads.add(*file)
    return uploads, gone


def test_the_oldest_of_a_session_make_room_for_its_newest():
    files = [("a", str(number), 1) for number in range(KEPT_FILES + 2)]
    uploads, gone = kept(1_000, ("b", "x", 1), *files)
    assert gone == [("a", "0"), ("a", "1")]
    assert uploads.total == KEPT_FILES + 1


def test_one_session_has_half_of_the_room_at_most():
    uploads, gone = kept(20, ("b", "x", 9), ("a", "1", 4), ("a", "2", 5), ("a", "3", 5))
    assert gone == [("a", "1")]
    assert uploads.total == 19


def test_all_sessions_together_keep_no_more_than_the_total():
    uploads, gone = kept(25, ("a", "1", 10), ("b", "1", 10), ("c", "1", 10))
    assert gone == [("a", "1")]
    assert uploads.total == 20


def test_one_file_that_is_larger_than_all_is_kept_while_it_is_read():
    uploads, gone = kept(5, ("a", "1", 10))
    assert (uploads.total, gone) == (10, [])


def test_a_file_that_was_taken_back_takes_no_room():
    uploads, gone = kept(15, ("a", "1", 10))
    uploads.remove("a", "1")
    uploads.add("b", "1", 10)
    assert (uploads.total, gone) == (10, [])


def test_a_file_that_a_page_has_read_takes_no_room():
    uploads, gone = kept(25, ("a", "photo", 10), ("b", "zip", 10), ("c", "2", 10), read={"zip"})
    assert (uploads.total, gone) == (20, [])


def test_the_files_of_a_page_that_stays_away_go():
    uploads, gone = kept(100, ("a", "1", 10), ("b", "1", 10))
    pages = {"a"}
    uploads.sweep(pages.__contains__)
    assert gone == []  # it may be back at once
    uploads.sweep(pages.__contains__)
    assert gone == [("b", "1")]
    assert uploads.total == 10


def test_a_page_that_was_away_for_a_moment_keeps_its_files():
    uploads, gone = kept(100, ("a", "1", 10))
    for pages in (set(), {"a"}, set(), {"a"}):
        uploads.sweep(pages.__contains__)
    assert (gone, uploads.total) == ([], 10)


def test_the_disk_is_tidied_up_again_and_again_also_after_a_failure(monkeypatch):
    times: list[Path] = []

    def tidy(root: Path) -> None:
        times.append(root)
        raise OSError("The disk is away.")

    monkeypatch.setattr(uploading, "TIDY_DISK_SECONDS", 0)
    monkeypatch.setattr(reading, "tidy_pictures", tidy)

    async def play() -> None:
        await Browser(Guard(Streamlit())).leave()
        while len(times) < 2:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(play(), 60))
    assert set(times) == {runs_dir()}
