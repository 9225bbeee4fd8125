"""The Explain page: the network taken apart on the visitor's own drawing.

Imports views.input, views.ui, views.session and core.
"""
