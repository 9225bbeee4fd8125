"""What stands around every page: the bar of pages, Share, the visitor's run, what a room sees.

Imports views.guide, views.ui, views.session, views.server and core.
"""
