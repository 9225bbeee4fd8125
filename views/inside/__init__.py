"""A look inside a network, for whichever page shows it: map, forward pass, fool it, break it.

Imports views.input, views.ui, views.session, views.server and core.
"""
