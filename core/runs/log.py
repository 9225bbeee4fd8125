"""What happened, one JSON object per line on stderr, for operators and their tools:

    {"time": "2026-01-31T12:00:00.123+00:00", "level": "INFO", "event": "run over", "pid": 71,
     "run": "3f2a...", "state": "finished", "seconds": 7.1}

A line has the id of a run, its settings and how it went. It has nothing of a visitor: no drawing,
no example, no address, no text.
"""

import json
import logging
import os
from datetime import UTC, datetime

LOGGER = "sketch_sum"
log = logging.getLogger(LOGGER)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": record.getMessage(),
            "pid": os.getpid(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start() -> None:
    """Start to write lines; a second call changes nothing."""
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def event(name: str, **facts: object) -> None:
    """Log something that happened as it should."""
    log.info(name, extra={"facts": facts})


def warning(name: str, **facts: object) -> None:
    """Log what the operator should mend."""
    log.warning(name, extra={"facts": facts})


def trouble(name: str, **facts: object) -> None:
    """Log something that went wrong, with the traceback of the exception being handled."""
    log.warning(name, extra={"facts": facts}, exc_info=True)
