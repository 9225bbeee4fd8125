"""The data sets that jobs need: checked on disk once, downloaded if need be, kept in memory."""

import threading
from collections import defaultdict
from collections.abc import Callable

from core import dataset
from core.data import download
from core.runs.run import State
from core.specs import SPECS, data_dir

Report = Callable[[State], None]


class DataSets:
    """The data sets in memory. Several threads may ask for them."""

    def __init__(self) -> None:
        self.loaded: dict[str, dataset.Data] = {}
        self._loading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def load(self, name: str, report: Report = lambda state: None) -> dataset.Data:
        """A data set from memory, from disk, or downloaded; `report` is told how far that is.

        What `report` raises ends a download.

        Raises:
            DownloadError: nobody has it.
        """
        with self._loading[name]:
            if name not in self.loaded:
                self.loaded[name] = _read(name, report)
            return self.loaded[name]


def _read(name: str, report: Report) -> dataset.Data:
    """The same, not from memory."""

    def downloaded(progress: download.DownloadProgress) -> None:
        share = progress.done / progress.total if progress.total else None
        what = f"Downloading {SPECS[name].title} from {progress.source}"
        report(State("preparing", what, share))

    download.download(SPECS[name].files, data_dir(), downloaded)
    return dataset.load_data(name)
