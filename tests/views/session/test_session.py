"""What a process does once, before its first page."""

import gc
import subprocess
import sys

from core import PROJECT
from views.session.session import prepare_process


def test_pandas_is_there_before_the_first_page() -> None:
    """Imported by one visitor's page, it would be half there for plotly on another's."""
    session = "views.session.session"
    command = (
        f"import sys; import {session} as s; s.prepare_process(); print('pandas' in sys.modules)"
    )
    here = PROJECT
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=here, capture_output=True, text=True
    )
    assert ended.stdout == "True\n", ended.stderr


def test_what_is_imported_is_not_searched_for_garbage_after_each_answer() -> None:
    try:
        prepare_process()
        assert gc.get_freeze_count() > 100_000
        before = gc.get_freeze_count()
        prepare_process()  # at the next run of a page
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()
        prepare_process.cache_clear()
