"""TODO."""

import sys


class Bar:
    """A progress bar on stderr; silent where stderr is no terminal."""

    WIDTH = 24

    def __enter__(self) -> "Bar":
        self.shown = False
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            print(file=sys.stderr)

    def show(self, label: str, done: int, total: int | None) -> None:
        if not sys.stderr.isatty():
            return
        self.shown = True
        share = min(1.0, done / total) if total else 0.0
        filled = "#" * round(share * self.WIDTH)
        print(
            f"\r[{filled:{self.WIDTH}}] {share:4.0%}  {label}\033[K",
            end="",
            file=sys.stderr,
            flush=True,
        )
