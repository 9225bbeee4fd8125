"""A job that goes on elsewhere, from the weights that were saved last."""

from types import SimpleNamespace

from core.jobs.data_sets import DataSets
from core.jobs.events import Autosave, Checkpoint, Event, Job, StateChange
from core.jobs.events import Limit as TimeLimit
from core.jobs.job import do_job
from core.runs.control import ControlFile
from core.runs.run import State
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
