"""The files of a network: what they are called, and what is in them."""

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.presets import PRESETS
from core.runs.queue import QueueError, create_run
from core.runs.run import runs_dir
from core.storage import bundle, checkpoint
from tests.support.pages import TIMEOUT, draw_page, finished, keys, opened, session_of, train_page
from views.session import networks
from views.ui import files


@pytest.fixture
def offered(monkeypatch) -> dict[str, tuple[str, bytes]]:
    """The files that a page offers: name and content by key."""
    found: dict[str, tuple[str, bytes]] = {}

    def download_button(label, content, name, *_, key, **__) -> bool:
        made = content()
        found[key] = name, made if isinstance(made, bytes) else made.encode()
        return False

    monkeypatch.setattr(files.st, "download_button", download_button)
    return found


def test_a_run_is_downloaded_without_its_id_and_with_its_history(offered) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    app = opened(train_page, run=run.id)
    (name, content), (csv_name, history) = (
        offered["download_network"],
        offered["download_history"],
    )
    assert (name, csv_name) == ("network.safetensors", "network.csv")
    _, card = bundle.unpack_bundle(content)
    assert card.weights_sha256 == checkpoint.read_card(run.checkpoint).weights_sha256
    assert history.decode().splitlines()[0].startswith("seconds,step,steps")
    assert run.id.encode() not in content + history
    assert session_of(app).link.run == run.id


def test_a_shipped_network_keeps_its_name(offered) -> None:
    session = session_of(opened(draw_page))
    files.network_downloads(session, "mnist", history=[])
    assert list(offered) == ["download_network"]
    assert offered["download_network"][0] == "mnist.safetensors"


def test_files_that_a_link_hides_are_not_offered(offered) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    opened(train_page, run=run.id, hide="files")
    assert offered == {}
    assert "files" not in keys(opened(draw_page, hide="files"))


def upload(monkeypatch, content: bytes) -> list[str]:
    """What the page says to a network file."""

    class File:
        size = len(content)

        def getvalue(self) -> bytes:
            return content

    said: list[str] = []
    session = session_of(opened(draw_page))
    with monkeypatch.context() as patched:
        patched.setattr(files.st, "file_uploader", lambda *_, **__: File())
        patched.setattr(files.st, "warning", said.append)
        patched.setattr(files.st, "error", said.append)
        patched.setattr(files.st, "rerun", lambda: said.append("shown"))
        files._upload_network(session)
    return said


def test_an_uploaded_network_answers(monkeypatch, pen) -> None:
    content = bundle.pack_bundle(*networks.load_network("fashion-late"))
    assert upload(monkeypatch, content) == ["shown"]


def test_the_server_lets_go_of_a_file_that_was_read_and_of_no_other(monkeypatch, pen) -> None:
    freed: list[object] = []
    monkeypatch.setattr(files, "free_upload", freed.append)
    upload(monkeypatch, b"no network")
    assert freed == []
    upload(monkeypatch, bundle.pack_bundle(*networks.load_network("fashion-late")))
    assert len(freed) == 1


@pytest.mark.parametrize(("limit", "is_read"), [(10, True), (9, False)])
def test_a_network_file_beyond_the_limit_is_not_read(monkeypatch, pen, limit, is_read) -> None:
    monkeypatch.setattr(bundle, "MAX_BUNDLE_BYTES", limit)
    monkeypatch.setattr(networks, "import_network", lambda *_: None)
    too_large = f"{bundle.BUNDLE_TOO_LARGE} Choose another file."
    assert upload(monkeypatch, b"ten bytes.") == (["shown"] if is_read else [too_large])


def test_the_network_that_answers_is_offered(offered, pen) -> None:
    app = AppTest.from_function(draw_page, default_timeout=TIMEOUT)
    app.query_params["net"] = "fashion-late"
    app.session_state["files"] = True
    assert not app.run().exception
    name, content = offered["download_network"]
    card = bundle.unpack_bundle(content)[1]
    assert (name, card.params["dataset"]) == ("fashion-late.safetensors", "fashion-mnist")


def test_a_file_that_is_no_network_is_one_sentence(monkeypatch, pen) -> None:
    (said,) = upload(monkeypatch, b"no network")
    assert said.endswith(" Choose another file.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (QueueError("The disk is nearly full."), "The disk is nearly full."),
        (
            OSError(28, "No space left on device"),
            "The network could not be written to disk (No space left on device). Try again later.",
        ),
    ],
)
def test_a_network_that_cannot_be_kept_is_one_sentence(monkeypatch, pen, error, said) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(networks, "import_network", refuse)
    assert upload(monkeypatch, b"any") == [said]
