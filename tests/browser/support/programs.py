"""What the finders of programs for the tests have in common: their command line."""

import sys
from collections.abc import Callable, Sequence


class MissingError(RuntimeError):
    """A program is not there; the message is one sentence that says what to do."""


def answer(
    arguments: Sequence[str], find: Callable[[], str], install: Callable[[], None] | None
) -> int:
    """Print the path of a program and return 0, or one sentence on stderr and 1.

    With `--install` among the arguments a missing one is installed first, where that is possible.
    """
    try:
        try:
            path = find()
        except MissingError:
            if "--install" not in arguments or install is None:
                raise
            install()
            path = find()
    except MissingError as error:
        print(error, file=sys.stderr)
        return 1
    print(path)
    return 0
