"""The page "Your data": bring pictures, see what they are, train on them, delete them.

Imports views.input, views.ui, views.session and core.
"""
