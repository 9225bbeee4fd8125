"""Whose turn it is: one client with many runs keeps nobody else waiting."""

import os
import secrets
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs import disk, limits, queue
from core.runs.queue import QueueError, Visitor, create_run, in_turn, note_turn
from core.runs.run import FinetuneJob, Run, State

QUICK = PRESETS["quick"].recipe
people = some.lists(some.builds(Visitor, some.sampled_from("abc"), some.sampled_from("123")))
pages = some.tuples(some.sampled_from("abcd"), some.sampled_from("123"))
histories = some.lists(pages.map("/".join))


def served(*visitors: Visitor, turns: tuple[str, ...] = ()) -> str:
    """Who is served, in order: "a1 b1"."""
    return " ".join("".join(visitors[index]) for index in in_turn(visitors, turns))


A, B = [Visitor("a", str(page)) for page in range(1, 5)], [Visitor("b", "1"), Visitor("b", "2")]


def test_addresses_take_turns_and_pages_behind_them_do():
    assert served(A[0], A[1], A[0], A[2], B[0]) == "a1 b1 a2 a3 a1"


def test_who_was_served_last_comes_last():
    assert served(A[0], A[1], B[0], turns=("b/1", "a/1")) == "b1 a2 a1"


@given(visitors=people, turns=histories)
def test_everybody_is_served_once(visitors, turns):
    assert sorted(in_turn(visitors, turns)) == list(range(len(visitors)))


@given(visitors=people, turns=histories)
def test_while_two_addresses_wait_neither_is_served_twice_more_than_the_other(visitors, turns):
    order = [visitors[index].address for index in in_turn(visitors, turns)]
    total = Counter(order)
    for done in accumulate(([name] for name in order), initial=[]):
        count = Counter(done)
        waiting = [name for name in total if count[name] < total[name]]
        assert max((count[name] for name in total), default=0) <= min(
            (count[name] + 1 for name in waiting), default=len(order)
        )


@given(visitors=people, turns=histories)
def test_runs_of_one_page_keep_their_order(visitors, turns):
    order = in_turn(visitors, turns)
    for visitor in set(visitors):
        mine = [index for index in order if visitors[index] == visitor]
        assert mine == sorted(mine)


@given(many=some.integers(1, 60), turns=histories)
def test_a_stranger_waits_for_one_run_of_who_queued_many(many, turns):
    flood = [Visitor("a", str(page)) for page in range(many)]
    for stranger in (Visitor("b", "1"), Visitor("new", "1")):
        assert in_turn([*flood, stranger], turns).index(many) <= 1
    assert in_turn([*flood, stranger], ["a/1"]).index(many) == 0


def test_a_flood_that_queues_again_and_again_starves_nobody(root):
    """Each of three pages has another run at once when one is done."""
    flood = [add(root, visitor) for visitor in A[:3]]
    other, neighbor = add(root, B[0]), add(root, A[3])
    order = []
    while len(order) < 6:
        run = queue.waiting_runs(root, finetunes=False)[0]
        note_turn(root, run)
        run.set_state(State("finished"))
        order.append(run)
        if run in flood:
            flood.append(add(root, Visitor("a", run.request().session)))
    assert order.index(other) == 1
    assert order.index(neighbor) == 4  # behind the three that came before


def add(root, visitor: Visitor) -> Run:
    return create_run(root, "quick", QUICK, visitor=visitor)


def test_the_position_is_that_of_the_turn(root):
    flood = [add(root, visitor) for visitor in A[:3]]
    flood[0].set_state(State("training"))
    note_turn(root, flood[0])
    other = add(root, B[0])
    assert [queue.queue_position(root, run) for run in (other, *flood[1:])] == [1, 2, 3]


def test_a_queue_that_one_address_filled_is_full_for_that_address(root, limit):
    limit(waiting=3)
    for visitor in A[:3]:
        queue.enqueue(root, [], "quick", QUICK, visitor=visitor)
    with pytest.raises(QueueError, match="The queue is full"):
        queue.enqueue(root, [], "quick", QUICK, visitor=A[3])
    run = queue.enqueue(root, [], "quick", QUICK, visitor=B[0])
    assert queue.queue_position(root, run) == 1


LONG = QUICK.change({"epochs": 8, "width": 32})


def crowd(root, count: int, recipe=QUICK) -> list[Run]:
    """So many pages of address a queue a run each."""
    pages = [Visitor("a", f"page {number}") for number in range(count)]
    return [queue.enqueue(root, [], "quick", recipe, visitor=page) for page in pages]


def newcomer(root, recipe=QUICK) -> Run:
    page = Visitor("a", secrets.token_hex(4))
    return queue.enqueue(root, [], "quick", recipe, visitor=page)


def test_a_newcomer_in_the_same_room_is_next_though_somebody_filled_the_queue(root, limit):
    limit(waiting=30)
    flood = crowd(root, 30, LONG)
    mine = newcomer(root)
    assert queue.waiting_runs(root, finetunes=False) == [mine, *flood[:-1]]
    assert flood[-1].state() == State("interrupted", queue.CROWDED_OUT)


def test_a_queue_never_holds_more_of_an_address_than_its_share(root, limit):
    limit(waiting=3)
    crowd(root, 3, LONG)
    for epochs in range(7, 0, -1):  # each a little shorter than all that wait
        newcomer(root, LONG.change({"epochs": epochs}))
    assert len(queue.waiting_runs(root, finetunes=False)) == 3


@pytest.mark.parametrize("recipe", [QUICK, LONG])
def test_nobody_is_crowded_out_by_a_run_of_the_same_length(root, limit, recipe):
    limit(waiting=3)
    flood = crowd(root, 3, recipe)
    with pytest.raises(QueueError, match="The queue is full"):
        newcomer(root, recipe)
    assert queue.waiting_runs(root, finetunes=False) == flood


def test_a_long_run_waits_for_shorter_ones_only_so_long(root, limit):
    (long,) = crowd(root, 1, LONG)
    then = long.created() - 3_600 * 10**9
    os.utime(long.path / "recipe.json", ns=(then, then))
    disk._over.clear()
    mine = newcomer(root)
    assert queue.waiting_runs(root, finetunes=False) == [long, mine]


def test_a_run_of_another_address_is_never_crowded_out(root, limit):
    limit(waiting=2)
    first, _ = crowd(root, 2, LONG)
    other = queue.enqueue(root, [], "quick", LONG, visitor=B[0])
    mine = newcomer(root)
    assert set(queue.waiting_runs(root, finetunes=False)) == {mine, first, other}


def test_to_fine_tune_a_network_that_trained_long_is_no_long_run(root, limit):
    limit(waiting=2)
    example = HandExample(4, (((60.0, 52.0), (200.0, 50.0), (131.0, 236.0)),))
    job = FinetuneJob("mnist", [example])
    long, quick = (
        queue.enqueue(root, [], "mnist", recipe, job, Visitor("a", page))
        for recipe, page in ((LONG, "1"), (QUICK, "2"))
    )
    assert queue.waiting_runs(root, finetunes=True) == [long, quick]


@pytest.mark.parametrize("params", [{}, {"epochs": "8", "width": 4}, {"epochs": None}])
def test_a_run_whose_length_is_not_known_is_taken_for_a_short_one(params):
    assert limits.run_size(params) == 0


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"[" * 9_999])
def test_a_damaged_list_of_turns_is_none(root, content):
    (root / ".turns.json").write_bytes(content)
    assert queue.read_turns(root) == []
    note_turn(root, add(root, A[0]))
    assert queue.read_turns(root) == ["a/1"]


def test_the_list_of_turns_does_not_grow_without_end(root, monkeypatch):
    monkeypatch.setattr(queue, "MAX_TURNS", 3)
    for visitor in (*A, A[3]):
        note_turn(root, add(root, visitor))
    assert queue.read_turns(root) == ["a/2", "a/3", "a/4"]


def test_a_run_of_an_older_version_has_a_turn_too(root):
    run = create_run(root, "quick", QUICK)
    assert b"address" not in (run.path / "recipe.json").read_bytes()
    assert queue.waiting_runs(root, finetunes=False) == [run]
