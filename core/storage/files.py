"""TODO."""

import os
from pathlib import Path

MAX_NUMBER = 1e300  # of a number in a file of ours; NaN is not less


def write_atomic(path: Path, content: bytes, durable: bool = True) -> None:
    """Write aside, flush to disk, then rename: a reader sees the old file or the new one.

    What need not survive the machine's failing is written faster without the flush.
    """
    aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
