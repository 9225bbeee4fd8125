"""What is imported when: nothing large before the server listens, all of it by one thread."""

import gc
import subprocess
import sys
import threading

import pytest

from core import PROJECT
from tests.project.test_layout import imported
from views import warm_up as warming

LARGE = "{'torch', 'numpy', 'pandas', 'scipy', 'views.session', 'views.draw'} & set(sys.modules)"


def said(command: str) -> str:
    """What a new process prints."""
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=PROJECT, capture_output=True, text=True
    )
    assert not ended.returncode, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def process(monkeypatch):
    """What the warm-up changes of this process is put back."""
    seconds = sys.getswitchinterval()
    monkeypatch.setattr(warming, "_is_app_there", threading.Event())
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield
    gc.enable()
    sys.setswitchinterval(seconds)


def test_the_server_listens_before_anything_large_is_imported():
    assert said(f"import sys, streamlit_app, views.__main__; print({LARGE})") == "set()"


def test_a_page_imports_nothing_itself():
    """Of two threads that import the same, one may find half of it."""
    assert imported((PROJECT / "views/script.py").read_text()) == {
        "views",
        "views.warm_up",
        "views.warm_up.wait_for_app",
    }


def test_all_is_there_in_the_end_and_is_not_searched_for_garbage():
    after = said(
        "import gc, sys; from views.warm_up import warm_up; warm_up().join();"
        "import torch; from core.evaluation import tracing;"
        "wanted = {'pandas', 'views.app', 'views.live.channel', 'scipy.ndimage'};"
        "print(wanted - set(sys.modules), len(tracing._forwards), torch.get_num_threads(),"
        "sys.getswitchinterval(), gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    assert after == "set() 1 1 0.001 True True"


def test_no_garbage_is_searched_for_while_much_is_imported(process, monkeypatch):
    found = []
    monkeypatch.setattr(warming.importlib, "import_module", lambda _: found.append(gc.isenabled()))
    warming.warm_up.__wrapped__().join()
    assert found
    assert not any(found)
    assert gc.isenabled()


def test_a_page_whose_import_fails_says_so_and_does_not_wait_for_ever(process, monkeypatch):
    monkeypatch.setattr(warming, "APP", "views.nothing")
    monkeypatch.setattr(threading, "excepthook", lambda told: None)  # it is in the log
    monkeypatch.setattr(warming, "warm_up", warming.warm_up.__wrapped__)
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        warming.wait_for_app()
