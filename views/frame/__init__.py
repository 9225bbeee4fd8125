"""What stands around every page: the bar of pages, Share, what a room sees on a projector.

Imports views.ui, views.session, views.server and core.
"""
