"""Runs that some trainers cannot do, such as for want of their data, and why."""

from collections.abc import Iterable


class RefusedRuns:
    """By run, by trainer: the reason. Others may do it; when none is left that may, it ends."""

    def __init__(self) -> None:
        self._reasons: dict[str, dict[str, str]] = {}

    def note(self, run: str, trainer: str, reason: str) -> None:
        """A trainer refused a run."""
        self._reasons.setdefault(run, {})[trainer] = reason

    def may_do(self, run: str, trainer: str) -> bool:
        """Has the trainer not refused it yet?"""
        return trainer not in self._reasons.get(run, {})

    def by_all(self, run: str, trainers: Iterable[str]) -> str:
        """The latest reason if all of these trainers refused it, else ""."""
        reasons, there = self._reasons.get(run, {}), set(trainers)
        return next(reversed(reasons.values())) if there and there <= set(reasons) else ""

    def forget(self, run: str) -> None:
        """The run is over."""
        self._reasons.pop(run, None)
