"""File handles: the system gives a process so many, and each open page takes a few of them."""

import contextlib

from core.runs import limits, log

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

PER_PAGE = 5  # measured: 252 pages with 1,024 handles, and one for the pen of each
OTHERS = 100  # files and sockets of the app itself


def prepare_handles() -> None:
    """Take as many handles as the system allows, and log it where they are too few for the pages
    that may be open at once."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):  # not this much after all
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    pages = int(limits.LIMITS.sockets)
    needed = PER_PAGE * pages + OTHERS
    if soft != resource.RLIM_INFINITY and soft < needed:
        fits = max(0, (soft - OTHERS) // PER_PAGE)
        advice = (
            f"Allow {needed} (LimitNOFILE= of a service, --ulimit nofile= of a container, "
            f"ulimit -n), or set {limits.variable_of('sockets')} to {fits}."
        )
        log.warning("too few file handles", handles=soft, pages=pages, advice=advice)
