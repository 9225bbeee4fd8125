"""A job that goes on elsewhere, from the weights that were saved last."""

from types import SimpleNamespace

from core.jobs.data_sets import DataSets
from core.jobs.events import Autosave, Checkpoint, Event, Job, Snapshot, StateChange
from core.jobs.events import Limit as TimeLimit
from core.jobs.job import do_job
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.control import ControlFile
from core.runs.run import State
from core.storage import checkpoint
from core.storage.autosave import pack_autosave, unpack_autosave
from core.storage.snapshots import load_snapshot, save_snapshot
from tests.support.workers import TINY

PATIENT = SimpleNamespace(control=ControlFile, should_stop=lambda: False, limit=TimeLimit)


def test_weights_of_the_last_step_are_tested_where_the_run_goes_on(data):
    sets = DataSets()
    sets.loaded["mnist"] = data
    first: list[Event] = []
    again: list[Event] = []
    do_job(Job("quick", TINY.to_dict()), sets, PATIENT, first.append)
    saved = [event for event in first if isinstance(event, Autosave)][-1]
    do_job(Job("quick", TINY.to_dict(), saved.content), sets, PATIENT, again.append)
    assert again[-1] == StateChange(State("finished"))
    (one,), (other,) = ([e for e in es if isinstance(e, Checkpoint)] for es in (first, again))
    assert one.weights == other.weights


def test_a_start_from_a_shipped_encoder_saves_what_its_card_says(data, tmp_path):
    """Whoever queued it: the settings ask for width 16, the shipped encoder has 32."""
    recipe = PRESETS["quick"].recipe.change({"start": "shipped", "images": 100})
    sets = DataSets()
    sets.loaded["mnist"] = data
    events: list[Event] = []
    do_job(Job("quick", recipe.to_dict()), sets, PATIENT, events.append)
    (saved,) = (event for event in events if isinstance(event, Checkpoint))
    model, card = checkpoint.unpack("it", saved.weights, saved.card)
    assert Recipe.read(card.params).model == model.config == recipe.ready().model
    autosave = [event for event in events if isinstance(event, Autosave)][-1]
    assert unpack_autosave(autosave.content, model.config)
    snapshot = [event for event in events if isinstance(event, Snapshot)][-1]
    save_snapshot(tmp_path, snapshot.step, snapshot.content)
    assert load_snapshot(tmp_path, model.config, snapshot.step)


def test_what_was_learned_from_a_shipped_encoder_is_kept_when_it_is_cut_off(data):
    recipe = PRESETS["quick"].recipe.change({"start": "shipped"})
    sets = DataSets()
    sets.loaded["mnist"] = data
    events: list[Event] = []
    autosave = pack_autosave(recipe.ready().build(), 3, 5, 1.0)
    job = Job("quick", recipe.to_dict(), autosave, tests=True)
    do_job(job, sets, PATIENT, events.append)
    (saved,) = (event for event in events if isinstance(event, Checkpoint))
    assert checkpoint.unpack("it", saved.weights, saved.card)
