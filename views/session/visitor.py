"""Who a visitor is for the queue of runs: not a name, only who is the same as who."""

import hashlib
import hmac

import streamlit as st
from streamlit import config

from core.runs.queue import Visitor
from views.server.guard import network_of
from views.session.session import Session


def visitor_of_session(session: Session) -> Visitor:
    """Who asks for a run of this session. Runs on disk keep it, and it tells nobody an address.

    The address is the browser's, or whom a trusted proxy names, as in views/server/guard.py.
    """
    return Visitor(hash_address(st.context.ip_address), session.word)


def hash_address(address: str | None) -> str:
    """The keyed hash of a network address, 16 hexadecimal digits; "" for none: this machine's.

    The key is Streamlit's `server.cookieSecret`. Unless the operator sets it, as replicas should,
    each start of the app has another, and nobody can tell afterwards whose a run was.
    """
    if not address:
        return ""
    key = str(config.get_option("server.cookieSecret")).encode()
    return hmac.new(key, network_of(address).encode(), hashlib.sha256).hexdigest()[:16]
