"""The app's side of a cluster: hands the queue's runs to trainers, in their order.

It takes the place of the trainings in the app's worker process, with the same lock on the runs
directory, so that of two apps one hands out and each run goes out once. It asks the scheduler who
has joined and gives each free trainer the run whose turn it is; core/cluster/handout.py follows
each run until it is over. Nobody else writes in runs/.

When this process ends, trainings go on: the next dispatcher asks the trainers what they have, and
takes the runs up where they are. When a trainer is gone, its run goes on once from the last saved
weights on another; what kills that one too is only tested, so nothing is tried a third time.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import dask

from core.cluster.cluster import TIMEOUTS, Cluster, TrainerInfo, security, write_cluster
from core.cluster.handout import Ending, Handout, read_tries, write_tries
from core.cluster.members import Member, Members
from core.cluster.refused_runs import RefusedRuns
from core.cluster.task import key_of, try_of
from core.errors import UserError
from core.jobs.events import StateChange
from core.jobs.job import interrupted_words
from core.jobs.writer import RunWriter, read_job
from core.runs import log, recovery
from core.runs.disk import Entry, list_entries
from core.runs.queue import Visitor, note_turn, visitor_of, waiting_runs
from core.runs.recovery import RECOVERY_MESSAGE
from core.runs.run import LIVE, Run, State

KINDS = ("train", "teach")
QUEUE_POLL_SECONDS = 0.1
FULL_POLL_SECONDS = 0.5  # between polls that do not trust the directory's time
LOOK_SECONDS = 0.5  # between questions who is there
FILE_SECONDS = 1.0  # between signs in the file for the pages
ADOPT_SECONDS = 5.0  # that trainers have to say which runs they have, after a start
WRITERS = 64  # runs that are written at once
BUSY_SECONDS = 1.0  # before a trainer that another app uses is asked again
PROBLEM_SECONDS = 60.0  # before a trainer that could not do a run is
MOST_TRIES = 2  # trainings of one run; then what it learned is tested, once
GOES_ON = "Its trainer is gone. Another one goes on with it."


class Dispatcher:
    """Hands runs out, from one process for one runs directory."""

    def __init__(self, root: Path, members: Members) -> None:
        self.root, self.members = root, members
        self.handouts: dict[str, Handout] = {}  # by the id of their run
        self.again: list[Run] = []  # runs that lost their trainer, and those not yet adopted
        self.refused = RefusedRuns()
        self.waiting: dict[str, list[Run]] = {kind: [] for kind in KINDS}
        self._seen, self._polled, self._looked, self._told = 0, 0.0, 0.0, 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._adopt_until = time.monotonic() + ADOPT_SECONDS

    async def serve(self, app_gone: threading.Event) -> None:
        """Until the app is gone. Trainings go on then, and the next dispatcher finds them."""
        await self.members.start()
        # one that waits for the disk keeps none of the others waiting
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WRITERS, "writer"))
        self.again = [e.run for e in list_entries(self.root) if e.state.name in LIVE]
        looking = asyncio.ensure_future(self._look())
        try:
            while not app_gone.is_set() and not looking.done():
                self._poll()
                self._adopt()
                for kind in KINDS:
                    self._hand_out(kind)
                self._tell()
                await asyncio.sleep(QUEUE_POLL_SECONDS)
        finally:
            for task in (looking, *self._tasks):
                task.cancel()
            await asyncio.gather(looking, *self._tasks, return_exceptions=True)
            await self.members.close()

    async def _look(self) -> None:
        while True:
            await self.members.look()
            await asyncio.sleep(LOOK_SECONDS)

    # --- whose turn it is

    def _poll(self) -> None:
        """Read the queue again if it may have changed."""
        changed, now = self.root.stat().st_mtime_ns, time.monotonic()
        if changed == self._seen and now - self._polled < FULL_POLL_SECONDS:
            return
        self._seen, self._polled = changed, now
        for kind in KINDS:
            found = waiting_runs(self.root, finetunes=kind == "teach")
            self.waiting[kind] = [run for run in found if run.id not in self.handouts]
        lost = [] if self._adopting else list(self.again)
        for run in lost:  # nobody has it, so nobody else hears its stop
            if run.stop_requested() and not recovery.read_weights(run):
                self.again.remove(run)
                with suppress(OSError):
                    run.set_state(State("interrupted", _lost_words(run)))
        self._end_refused()

    def _end_refused(self) -> None:
        """End runs that all trainers refused which are there, for what the last of them said."""
        for run in list(self.again):
            if reason := self.refused.by_all(run.id, self.members.by_id):
                self.again.remove(run)
                self.refused.forget(run.id)
                with suppress(OSError):
                    RunWriter(run).write(StateChange(State("failed", reason)))

    def _hand_out(self, kind: str) -> None:
        """Give each free trainer a run: first those that lost theirs, then those in the queue."""
        lost = [run for run in self.again if _kind(run) == kind]
        if self._adopting:
            lost = []
        queued, served = self.waiting[kind], self._visitors(kind)
        for run in [*lost, *queued]:
            visitor = _visitor(run)
            if visitor.session and visitor in served and run in queued:
                continue  # one run of a visitor at a time
            member = self._free(kind, run)
            if member is None:
                continue
            served.add(visitor)
            if run in queued:
                queued.remove(run)
                note_turn(self.root, run)
            else:
                self.again.remove(run)
            self._start(run, kind, member)

    def _free(self, kind: str, run: Run) -> Member | None:
        there = self.members.by_id.values()
        free = [m for m in there if m.is_free(kind) and self.refused.may_do(run.id, m.id)]
        return min(free, key=lambda member: len(member.runs), default=None)

    def _visitors(self, kind: str) -> set[Visitor]:
        found = [each.run for each in self.handouts.values() if each.kind == kind]
        return {_visitor(run) for run in found}

    @property
    def _adopting(self) -> bool:
        return time.monotonic() < self._adopt_until

    def _adopt(self) -> None:
        """After a start: take up the runs that trainers have, where they are."""
        if not self._adopting:
            return
        for run in list(self.again):
            key = key_of(run.id, read_tries(run))
            for member in self.members.by_id.values():
                if key in member.keys.values() and run.id not in self.handouts:
                    log.event("run taken up", run=run.id, trainer=member.name)
                    self.again.remove(run)
                    self._spawn(self._follow(self._hold(run, _kind(run), key, member)))

    # --- one run

    def _start(self, run: Run, kind: str, member: Member) -> None:
        tries = read_tries(run) + 1
        handout = self._hold(run, kind, key_of(run.id, tries), member)
        self._spawn(self._give(handout, tries))

    def _hold(self, run: Run, kind: str, key: str, member: Member) -> Handout:
        handout = Handout(run, kind, key, member, lambda: bool(self.waiting["train"]))
        self.handouts[run.id] = handout
        member.runs[kind] = run.id
        return handout

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give(self, handout: Handout, tries: int) -> None:
        """Give a trainer the run, from its last saved weights if it was tried before."""
        run, write = handout.run, RunWriter(handout.run).write
        try:
            autosave = recovery.read_weights(run)
            tests = tries > MOST_TRIES
            if tests and not autosave:
                return await self._end(handout, State("interrupted", _lost_words(run)))
            job = await asyncio.to_thread(read_job, run, autosave, tests)
            write_tries(run, tries)
            if not await handout.begin(self.members, job):
                write_tries(run, tries - 1)
                handout.member.set_problem("", BUSY_SECONDS)
                return self._settle(handout, "busy")
            log.event("run handed out", run=run.id, trainer=handout.member.name, key=handout.key)
            if try_of(handout.key) != tries:  # that trainer still has it, and goes on
                write_tries(run, try_of(handout.key))
                write(StateChange(State("training")))
            else:
                if not tests:
                    recovery.cut_history(run, autosave)
                write(StateChange(State("preparing", RECOVERY_MESSAGE if tests else "")))
        except UserError as error:
            return await self._end(handout, State("failed", str(error)))
        except OSError:
            log.trouble("run cannot be handed out", run=run.id)
            run.set_disk_full()
            return self._settle(handout, "over")
        await self._follow(handout)

    async def _follow(self, handout: Handout) -> None:
        ending: Ending = "lost"
        try:
            ending = await handout.follow(self.members)
        except Exception:  # whatever it is, another trainer goes on with the run
            log.trouble("run cannot be followed", run=handout.run.id)
        self._settle(handout, ending)

    async def _end(self, handout: Handout, state: State) -> None:
        with suppress(OSError):
            RunWriter(handout.run).write(StateChange(state))
        self._settle(handout, "over")

    def _settle(self, handout: Handout, ending: Ending) -> None:
        """The run is no longer in these hands: it is over, or another trainer goes on."""
        run, member = handout.run, handout.member
        self.handouts.pop(run.id, None)
        member.runs.pop(handout.kind, None)
        self._polled = 0.0
        if ending == "over":
            with suppress(OSError):
                recovery.remove_autosave(run)
                (run.path / "tries").unlink(missing_ok=True)
            self.refused.forget(run.id)
            log.event("run over", run=run.id, state=run.state().name, trainer=member.name)
        elif ending == "busy" and run.state().name not in LIVE:
            pass  # it waits in the queue, as before
        else:
            if ending == "refused":
                self._note_refusal(handout)
            self.again.append(run)
            self._end_refused()
            if run not in self.again:
                return
            log.event("run goes on elsewhere", run=run.id, trainer=member.name, since=ending)
            with suppress(OSError):
                if ending == "left":
                    member.set_problem("", PROBLEM_SECONDS)  # it is listed for a moment
                    write_tries(run, read_tries(run) - 1)  # it did not fail
                run.set_state(State("preparing", GOES_ON))

    def _note_refusal(self, handout: Handout) -> None:
        """This trainer cannot do the run."""
        run, member = handout.run, handout.member
        with suppress(OSError):
            write_tries(run, read_tries(run) - 1)  # it was not tried
        member.set_problem(handout.reason, PROBLEM_SECONDS)
        self.refused.note(run.id, member.id, handout.reason)

    def _tell(self) -> None:
        """Write for pages and `status` who is there and how long the queue is."""
        now = time.monotonic()
        if now - self._told < FILE_SECONDS:
            return
        self._told = now
        trainers: list[TrainerInfo] = [m.info for m in self.members.by_id.values()]
        waiting = sum(map(len, self.waiting.values()))
        problem = self.members.problem
        if not trainers and self.members.refusals:
            problem = next(iter(self.members.refusals.values()))
        with suppress(OSError):  # a full disk
            write_cluster(self.root, Cluster(self.members.address, trainers, waiting, problem))


def dispatch(root: Path, address: str, app_gone: threading.Event) -> None:
    """Hand the runs in `root` to the trainers of a cluster until the app is gone.

    Raises:
        ClusterError: the certificates are not there.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set(TIMEOUTS)
    members = Members(address, security(address))
    asyncio.run(Dispatcher(root, members).serve(app_gone))


def _kind(run: Run) -> str:
    return "teach" if run.is_finetune else "train"


def _visitor(run: Run) -> Visitor:
    return visitor_of(Entry(run, 0, State("queued"), False))


def _lost_words(run: Run) -> str:
    return interrupted_words(run.retry_words)
