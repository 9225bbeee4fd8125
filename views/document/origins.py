"""Which sites may talk to the app: its own, and those that the operator allows.

One example: the page of https://sum.example.org opens a websocket, and the browser says so in
Origin. A page of https://evil.example that tries the same says so, too, and is refused.
"""

import os
from contextlib import suppress
from fnmatch import fnmatch
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope
from streamlit import config

from core.runs import log

ALLOWED_ORIGINS = "SKETCH_SUM_ALLOWED_ORIGINS"  # other sites, such as https://*.example.org
MOST_LOGGED = 200  # characters of a header


def is_same_origin(scope: Scope) -> bool:
    """Is the page from here, or from a site that the operator allows?

    From here is also what a proxy that changes Host names in X-Forwarded-Host: no page can set it.
    Streamlit asks that too, but looks its own address up on the event loop before it says no.
    """
    headers = Headers(raw=scope["headers"])
    origin = headers.get("origin", "")
    if not origin or not config.get_option("server.enableCORS"):
        return True
    site = _host(origin)
    here = {headers.get("host", ""), headers.get("x-forwarded-host", "").split(",")[0].strip()}
    named = os.environ.get(ALLOWED_ORIGINS, "").replace(",", " ").split()
    allowed = [*config.get_option("server.corsAllowedOrigins"), *named]
    return bool(site) and (site in here or any(fnmatch(site, _host(each)) for each in allowed))


def log_origin(scope: Scope) -> None:
    """Tell the operator which site was refused, and how to allow it."""
    headers = Headers(raw=scope["headers"])
    origin, host = (headers.get(name, "")[:MOST_LOGGED] for name in ("origin", "host"))
    advice = f"To allow it, set {ALLOWED_ORIGINS} to that origin."
    log.event("origin refused", origin=origin, host=host, advice=advice)


def _host(origin: str) -> str:
    """Host and port of an origin, which may lack its scheme; "" for junk."""
    with suppress(ValueError):
        return urlsplit(origin if "//" in origin else f"//{origin}").netloc.lower()
    return ""


def from_here(scope: Scope) -> Scope:
    """The handshake with an Origin that Streamlit allows: ours was judged."""
    headers = Headers(raw=scope["headers"])
    if "origin" not in headers:
        return scope
    kept = [each for each in headers.raw if each[0] != b"origin"]
    origin = f"http://{headers.get('host', '')}".encode("latin-1")
    return {**scope, "headers": [*kept, (b"origin", origin)]}
