"""The Draw page: answers, saliency, teaching.

Imports views.input, views.frame, views.guide, views.ui, views.session, views.server and core.
"""
