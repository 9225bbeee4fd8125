"""Two runs in one view: the run before as a ghost, and a race that goes on by itself."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.runs.snapshot import read_snapshot
from core.storage import checkpoint
from tests.conftest import record
from tests.support.pages import growing_figures, opened, session_of, the_run, train_page, words
from views.frame.second_run import is_next_due
from views.session import jobs
from views.session.session import Race, Session
from views.train.race import BEFORE, NO_BUG, Ghost, in_step, race_words, standing

QUICK = PRESETS["quick"].recipe
BROKEN = QUICK.with_bug("relu")


def trained(recipe: Recipe = QUICK, right: float = 0.9) -> Run:
    """A finished run with two validations."""
    run = create_run(runs_dir(), "quick", recipe)
    finish(run, recipe, right)
    return run


def finish(run: Run, recipe: Recipe, right: float = 0.9) -> None:
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    figures = card.figures | {"class_acc": right}
    card = replace(card, params=recipe.to_dict(), figures=figures)
    checkpoint.save(run.checkpoint, recipe.build(), card)
    for step, share in ((25, right / 2), (50, right)):
        scores = dict.fromkeys(("val_class_acc", "val_sum_acc", "val_joint_acc"), share)
        run.append(record(step, loss=1.0, val_loss=0.5, **scores))
    run.set_state(State("finished"))


def shown(run: Run, before: Run, **query: str) -> AppTest:
    """The Train page at a run, with another one behind it."""
    return opened(train_page, run=run.id, vs=before.id, **query)


def names_in_chart(app: AppTest, place: int = 0) -> list[str]:
    return [trace["name"] for trace in growing_figures(app)[place]["data"]]


def owned(app: AppTest, *runs: Run) -> AppTest:
    """The same for the visitor who trained these runs."""
    session_of(app).own_runs[:] = [each.id for each in runs]
    return app.run()


def test_the_run_before_stays_as_dashed_curves_and_a_row() -> None:
    first, second = trained(right=0.61), trained(right=0.93)
    app = owned(shown(second, first), first, second)
    assert names_in_chart(app) == [BEFORE, "training", "validation"]
    said = words(app)
    assert "<th>Your run before</th><td>61.00 %</td>" in said
    assert f"Dashed: {BEFORE}." in said


def test_a_longer_run_behind_a_shorter_one_keeps_its_own_epochs() -> None:
    longer, shorter = trained(QUICK.change({"epochs": 4})), trained(QUICK.change({"epochs": 2}))
    ghost, _, own = growing_figures(shown(shorter, longer))[0]["data"]
    assert (ghost["x"], own["x"]) == ([2, 4], [1, 2])


def test_whoever_is_sent_the_link_sees_both_runs() -> None:
    first, second = trained(right=0.61), trained()
    app = shown(second, first)
    assert "<th>The run before, usual settings</th><td>61.00 %</td>" in words(app)
    assert app.query_params["vs"] == first.id


def test_a_run_that_is_started_stands_before_the_one_that_was_shown() -> None:
    first = trained()
    app = opened(train_page, run=first.id)
    assert "Dashed" not in words(app)  # nothing is behind the first
    app.button(key="train_start").click().run()
    second = the_run(app)
    assert session_of(app).link.rival == first.id
    finish(second, QUICK)
    assert names_in_chart(app.run())[0] == "the run before, usual settings"


def test_a_run_that_came_to_nothing_leaves_the_one_before_it_there() -> None:
    first = trained()
    app = opened(train_page, run=first.id)
    for _ in range(2):
        app.button(key="train_start").click().run()
        the_run(app).set_state(State("failed", "The loss ran away."))
        app.run()
    assert session_of(app).link.rival == first.id


def test_a_run_on_other_images_is_no_ghost() -> None:
    garments, last = trained(QUICK.change({"dataset": "fashion-mnist"})), trained()
    assert names_in_chart(shown(last, garments)) == ["training", "validation"]


@pytest.mark.parametrize("state", ["failed", "training", "interrupted"])
def test_a_run_without_results_is_no_ghost(state: str) -> None:
    lost = create_run(runs_dir(), "quick", QUICK)
    lost.append(record(25, loss=1.0))
    lost.set_state(State(state))
    assert "Dashed" not in words(shown(trained(), lost))


def test_a_run_is_not_its_own_ghost() -> None:
    run = trained()
    assert "Dashed" not in words(shown(run, run))


def test_a_bug_is_told_as_two_lines_beside_the_row_without_it() -> None:
    sound, broken = trained(BROKEN.with_bug(""), right=0.97), trained(BROKEN)
    app = shown(broken, sound)
    assert "<th>The same, no bug</th><td>97.00 %</td>" in words(app)
    (code,) = [each.value for each in app.code]
    assert [line[0] for line in code.splitlines()] == ["-", "+"]
    assert ".relu()" in code.splitlines()[0] and ".relu()" not in code.splitlines()[1]
    assert "race_sound" not in {button.key for button in app.button}  # it has run already


def test_a_broken_run_races_against_the_same_without_the_bug() -> None:
    broken = trained(BROKEN)
    app = opened(train_page, run=broken.id)
    app.button(key="race_sound").click().run()
    new = the_run(app)
    assert new.id != broken.id and new.recipe()[1] == BROKEN.with_bug("")
    new.set_state(State("training"))
    new.append(record(25, loss=1.0, val_joint_acc=0.8, val_loss=0.3))
    said = words(app.run())
    assert "Race, second run: the same, no bug. Dashed: broken: ReLU on the logits." in said
    assert "this run 80.00 %, broken: ReLU on the logits 45.00 %." in said
    ghost = growing_figures(app)[0]["data"][0]
    assert len(ghost["x"]) == 1  # no further than this run is, though there is more


def test_a_race_starts_its_second_run_when_the_first_is_over() -> None:
    app = opened(train_page)
    app.button(key="race_start").click().run()
    first = the_run(app)
    assert first.recipe()[1].model.fusion == "late"
    first.set_state(State("training"))
    assert "Race, first run: late fusion. Then comes pixel fusion." in words(app.run())
    finish(first, QUICK)
    app.run()
    second = the_run(app)
    assert second.id != first.id
    late, pixels = first.recipe()[1], second.recipe()[1]
    assert pixels == late.change({"fusion": "pixels"}) and pixels.train.seed == late.train.seed
    second.set_state(State("training"))
    second.append(record(25, loss=1.0, val_joint_acc=0.3, val_loss=2.0))
    app.run()
    assert names_in_chart(app)[0] == "late fusion"
    finish(second, pixels)
    app.run()
    assert the_run(app).id == second.id  # and no third
    assert session_of(app).own_runs == [first.id, second.id]


def test_both_racers_are_queued_as_they_are_trained() -> None:
    """A start from the shipped encoder brings its width: the queue judges that one."""
    app = opened(train_page, start="shipped")
    app.button(key="race_start").click().run()
    first = the_run(app)
    finish(first, first.recipe()[1])
    app.run()
    recipes = [run.recipe()[1] for run in (first, the_run(app))]
    assert [recipe.model.fusion for recipe in recipes] == ["late", "pixels"]
    assert [recipe.model.width for recipe in recipes] == [32, 32]
    assert recipes == [recipe.ready() for recipe in recipes]


@pytest.mark.parametrize("state", ["interrupted", "stopped", "failed"])
def test_a_race_whose_first_run_comes_to_no_end_is_off(state: str) -> None:
    app = opened(train_page)
    app.button(key="race_start").click().run()
    first = the_run(app)
    finish(first, QUICK)
    first.set_state(State(state, "Stopped."))
    app.run()
    assert the_run(app).id == first.id and session_of(app).race is None


def test_a_race_that_cannot_go_on_says_why_and_once(monkeypatch) -> None:
    app = opened(train_page)
    app.button(key="race_start").click().run()
    finish(the_run(app), QUICK)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "start_recipe", full)
    app.run()
    assert "could not be written to disk" in app.error[0].value
    assert not app.run().error


def test_the_chosen_bug_races_first_of_all() -> None:
    app = opened(train_page, bug="broadcast")
    (race,) = [radio for radio in app.radio if radio.label == "Who races"]
    assert race.options[0] == "With and without the bug: Squared error of all pairs"
    app.button(key="race_start").click().run()
    sound = the_run(app).recipe()[1]
    assert not sound.bug.name and sound.model.sum_head == "regression"  # as the bug needs it
    race_now = session_of(app).race
    assert race_now and race_now.recipe == sound.with_bug("broadcast")


@pytest.mark.parametrize("fixed", [{"lock": "lr"}, {"hide": "lr"}, {"lock": "bug"}])
def test_where_a_link_fixes_settings_nobody_races(fixed: dict[str, str]) -> None:
    keys = {button.key for button in opened(train_page, **fixed).button}
    assert "race_start" not in keys


def test_two_runs_are_seen_after_the_same_share_of_their_steps() -> None:
    history = [record(step, val_joint_acc=step / 100) for step in (10, 25, 50)]
    ghost = Ghost("late fusion", history, QUICK, {})
    now = [{**record(48), "steps": 100}]  # not yet the half of its steps
    assert [each["step"] for each in in_step(ghost, now).history] == [10]
    assert in_step(ghost, []).history == []


def test_before_the_first_validation_nobody_leads() -> None:
    ghost = Ghost("a", [record(10, val_joint_acc=0.5)], QUICK, {})
    assert standing(ghost, [record(10)], "b") == ""
    assert standing(ghost, [record(10, val_joint_acc=0.25)], "b") == (
        "Both right, at the same step: b 25.00 %, a 50.00 %."
    )


def test_a_run_that_was_stopped_early_is_compared_at_the_same_step() -> None:
    first, second = trained(QUICK), create_run(runs_dir(), "quick", QUICK)
    finish(second, QUICK)
    early = [record(step, val_joint_acc=step / 50, val_loss=1.0) for step in (25, 30)]
    (second.path / "progress.jsonl").write_bytes(b"")
    for each in early:  # a stop validates once more
        second.append(each)
    second.set_state(State("stopped"))
    app = shown(second, first)
    session_of(app).race = Race(first.id, "one", "other", QUICK, second=second.id)
    assert "Both right, at the same step: this run 50.00 %, one 45.00 %." in words(app.run())


def test_where_no_step_is_the_same_nobody_leads() -> None:
    ghost = Ghost("a", [record(10, val_joint_acc=0.5)], QUICK, {})
    assert standing(ghost, [record(7, val_joint_acc=0.25)], "b") == ""


def test_a_race_is_told_by_the_names_of_both() -> None:
    race = Race("1", NO_BUG, "broken", QUICK, second="2")
    session = cast(Session, SimpleNamespace(race=race))
    assert race_words(session, "1").endswith("The second one was broken.")
    assert race_words(session, "3") == ""


def test_only_the_end_of_the_first_run_starts_the_second_and_only_once() -> None:
    first, second = trained(), trained()
    race = Race(first.id, "late", "pixels", BROKEN)
    for shown_run, started, due in ((first, "", True), (second, "", False), (first, "1", False)):
        session = cast(Session, SimpleNamespace(race=replace(race, second=started)))
        assert is_next_due(session, read_snapshot(shown_run)) is due
