"""The Compare page: a table of networks, and five views of those chosen.

Imports views.ui, views.session and core.
"""
