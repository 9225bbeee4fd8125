"""Heavy work: so much at once, in the order of asking, and never lost."""

import threading

import pytest

from tests.conftest import wait_for
from views.server import heavy
from views.server.heavy import Places


def test_no_more_work_at_once_than_there_are_places():
    places, most, now = Places(2), [0], [0]
    guard = threading.Lock()

    def work() -> None:
        for _ in range(20):
            with places.take():
                with guard:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                with guard:
                    now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert now == [0] and 1 <= most[0] <= 2


def test_who_asks_again_at_once_comes_after_who_waits():
    places, order = Places(1), []
    asked = threading.Event()

    def other() -> None:
        asked.set()
        with places.take():
            order.append("other")

    thread = threading.Thread(target=other)
    with places.take():
        thread.start()
        asked.wait()
        wait_for(lambda: places._waiting, "who asked")
    with places.take():
        order.append("again")
    thread.join()
    assert order == ["other", "again"]


def test_a_place_is_given_back_after_an_error():
    places = Places(1)
    with pytest.raises(ValueError), places.take():
        raise ValueError
    with places.take():
        pass


def test_one_core_is_enough_by_default():
    assert heavy._places._free == 1


def test_who_has_waited_longest_is_next():
    places, order = Places(1), []

    def work(name: str) -> None:
        with places.take():
            order.append(name)

    threads = []
    with places.take():
        for count, name in enumerate(("first", "second", "third"), 1):
            threads.append(threading.Thread(target=work, args=(name,)))
            threads[-1].start()
            wait_for(lambda count=count: len(places._waiting) == count, "who asked")
    for thread in threads:
        thread.join()
    assert order == ["first", "second", "third"]


def test_places_are_counted_by_one_thread_at_a_time(monkeypatch):
    """Two at once could count one place twice."""
    places, locked = Places(1), []
    real = places._serve
    monkeypatch.setattr(places, "_serve", lambda: locked.append(places._guard.locked()) or real())
    with places.take():
        pass
    assert locked == [True, True]  # at its beginning and at its end
