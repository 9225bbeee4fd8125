"""python -m core COMMAND: everything the pages do, for scripts.

With --json the last line of stdout is one JSON object (predict: one per image). Progress goes to
stderr, and only on a terminal. Bad input is one sentence on stderr and exit status 2.

Each command imports what it needs when it runs, so that help and status answer at once.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from core.cli.commands import COMMANDS
from core.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Raises:
        SystemExit: bad arguments, or help was asked for.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments).parse_args(arguments)
    try:
        status: int | None = options.run(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""  # a full disk does not say
        print(f"{error.strerror or error}{where}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return status or 0


class Parser(argparse.ArgumentParser):
    """One line for bad arguments, where argparse would print its whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message.rstrip('.')}; see {self.prog} --help.\n")


def _parser(arguments: Sequence[str]) -> Parser:
    """The parser. Only the command that is asked for gets its options: they may import a lot."""

    parser = Parser(prog="python -m core", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        its_parser = commands.add_parser(name, help=command.help)
        if name in arguments:
            command.set_up(its_parser)
    return parser
