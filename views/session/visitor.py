"""Who a visitor is for the runs: not a name, only who is the same as who.

Fairness asks which network address and which browser they come from. Whoever has the browser's
secret also owns its runs: only there may they be paused, stopped or renamed.
"""

import hashlib
import hmac
from typing import TYPE_CHECKING

import streamlit as st
from streamlit import config

from core.runs.control import browser_hash, is_owner
from core.runs.queue import Visitor
from core.runs.run import Request
from views.server.browser_cookie import secret_in
from views.server.guard import network_of

if TYPE_CHECKING:
    from views.session.session import Session


def visitor_of_session(session: "Session") -> Visitor:
    """Who asks for a run of this session. Runs on disk keep it, and it tells nobody an address.

    The address is the browser's, or whom a trusted proxy names, as in views/server/guard.py.
    """
    return Visitor(hash_address(st.context.ip_address), browser_of_session(session))


def browser_of_session(session: "Session") -> str:
    """The hash that runs of this browser keep, in all its tabs and after a reload.

    A browser that keeps no cookies has another one for each page that it opens.
    """
    return browser_hash(secret_in(st.context.cookies) or session.secret)


def is_owner_of(session: "Session", request: Request) -> bool:
    """May this browser pause, stop and rename the run that was asked for so?"""
    return is_owner(request, browser_of_session(session))


def hash_address(address: str | None) -> str:
    """The keyed hash of a network address, 16 hexadecimal digits; "" for none: this machine's.

    The key is Streamlit's `server.cookieSecret`. Unless the operator sets it, as replicas should,
    each start of the app has another, and nobody can tell afterwards whose a run was.
    """
    if not address:
        return ""
    key = str(config.get_option("server.cookieSecret")).encode()
    return hmac.new(key, network_of(address).encode(), hashlib.sha256).hexdigest()[:16]
