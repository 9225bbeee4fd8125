"""Whose page it is: the only room that touches session state, the address and caches.

Imports views.server and core.
"""
