"""The Compare page: a table of networks, and six views of those chosen.

Imports views.inside, views.input, views.frame, views.ui, views.session, views.server and core.
"""
