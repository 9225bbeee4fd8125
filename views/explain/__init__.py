"""The Explain page: the network taken apart on the visitor's own drawing.

Imports views.inside, views.frame, views.guide, views.ui, views.session and core.
"""
