"""Files that appear whole, and locks that one process holds."""

from core.storage.files import try_lock


def test_while_one_holds_a_lock_another_gets_none(tmp_path):
    held = try_lock(tmp_path / ".lock")
    assert held
    assert try_lock(tmp_path / ".lock") is None
    held.release()


def test_a_lock_that_was_given_back_is_free(tmp_path):
    held = try_lock(tmp_path / ".lock")
    assert held
    held.release()
    again = try_lock(tmp_path / ".lock")
    assert again
    again.release()
