"""Sketch & Sum: entry of the web demo. `make demo` runs it, and so does `streamlit run`."""

import streamlit as st
from starlette.middleware import Middleware

from views.document.compressed import Compressed
from views.document.head import Document
from views.server.browser_cookie import BrowserCookie
from views.server.guard import Guard
from views.server.live_route import live_routes
from views.startup import start_app

app = st.App(
    "views/script.py",
    lifespan=start_app,
    routes=live_routes(),
    middleware=[Middleware(each) for each in (Guard, BrowserCookie, Compressed, Document)],
)
