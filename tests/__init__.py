"""The tests. What hides POSIX must be first, before anything imports it."""

from tests.support import hide_posix

if hide_posix.is_asked():
    hide_posix.hide()
