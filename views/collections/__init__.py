"""The page "Your data": bring pictures, see what they are, train on them, delete them.

Imports views.input, views.frame, views.ui, views.session, views.server and core.
"""
