"""What is asked of a run, as files beside it say: its control file, its stop, the queue."""

import threading
from collections.abc import Callable

from core.forecast.speed import read_speed
from core.forecast.wait import test_time
from core.jobs.events import Limit
from core.runs.control import ControlFile, TimeLimit, WatchedControl
from core.runs.queue import waiting_runs
from core.runs.run import Run, RunError


class FileWishes:
    """What is asked of a run by the files beside it, and by the end of the app."""

    def __init__(
        self,
        run: Run,
        app_gone: threading.Event,
        others_wait: Callable[[], bool] | None = None,
    ) -> None:
        """`others_wait` says whether others are in the queue; by default the directory does."""
        root = run.path.parent
        self.run, self.app_gone = run, app_gone
        self._others_wait = others_wait or (lambda: bool(waiting_runs(root, finetunes=False)))
        self._control = WatchedControl(run.path)
        self._limit: TimeLimit | None = None

    def control(self) -> ControlFile:
        """Pause, one more step, another learning rate."""
        return self._control.now()

    def should_stop(self) -> bool:
        """Does the visitor want it to end, or is the app gone?"""
        return self.run.stop_requested() or self.app_gone.is_set()

    def limit(self) -> Limit:
        """The time limit, which others in the queue make shorter. It counts from the first call."""
        if self._limit is None:
            self._limit = TimeLimit(self._others_wait, self._test_seconds())
        return Limit(self._limit.reason(), self._limit.words)

    def _test_seconds(self) -> float:
        """That the test after the training is expected to take."""
        try:
            return test_time(self.run.request(), read_speed(self.run.path.parent))
        except RunError:  # its directory is gone: it ends anyway
            return 0.0
