"""Files larger than allowed: the browser was told, the server looks at the size before it reads."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import finetune
from core.finetune import HandExample
from core.runs.limits import LIMITS
from core.storage import bundle
from core.storage.bundle import MAX_BUNDLE_BYTES
from tests.support.pages import draw_page, opened, session_of
from views.session import networks

FILES = {
    "network_": (MAX_BUNDLE_BYTES, "The file has more than 8 MB: it is no network from here."),
    "examples_": (
        int(LIMITS.examples_megabytes * 10**6),
        "A file of examples may have up to 4 MB.",
    ),
    "file": (int(LIMITS.upload_megabytes * 2**20), "A picture may have up to 10 MB."),
}


ENDINGS = {"network_": ".safetensors", "examples_": ".jsonl", "file": ".png"}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_too_large_is_not_even_read(pen, monkeypatch, kind) -> None:
    most, words = FILES[kind]

    def read(*_: object) -> bytes:
        raise AssertionError("read")

    monkeypatch.setattr(UploadedFile, "getvalue", read, raising=False)
    app = opened(draw_page)
    app.session_state["files"] = True
    app.run()
    app.segmented_control(key="source").set_value("upload").run()
    uploader = next(each for each in app.file_uploader if each.key.startswith(kind))
    uploader.upload(f"x{ENDINGS[kind]}", b"[" * (most + 1), "").run()
    assert not app.exception
    assert [warning.value for warning in app.warning] == [f"{words} Choose another file."]
    assert session_of(app).examples == []


def network_file() -> bytes:
    return bundle.pack_bundle(*networks.load_network("mnist"))


def examples_file() -> bytes:
    return finetune.dump_examples([HandExample(4, (((60.0, 52.0), (131.0, 236.0)),))]).encode()


@pytest.mark.parametrize(
    ("kind", "content"), [("network_", network_file), ("examples_", examples_file)]
)
def test_a_file_that_was_read_takes_no_memory_any_more(pen, monkeypatch, kind, content) -> None:
    freed: list[str] = []
    monkeypatch.setattr(
        MemoryUploadedFileManager, "remove_file", lambda self, session, file: freed.append(file)
    )
    app = opened(draw_page)
    app.session_state["files"] = True
    app.run()
    uploader = next(each for each in app.file_uploader if each.key.startswith(kind))
    uploader.upload(f"x{ENDINGS[kind]}", content(), "").run()
    assert not app.exception and not app.warning
    assert len(freed) == 1
