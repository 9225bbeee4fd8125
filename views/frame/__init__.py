"""What stands around every page: what was just caused, and how far the visitor's run is.

Imports views.ui, views.session and core.
"""
