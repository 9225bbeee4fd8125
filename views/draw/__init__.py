"""The Draw page: answers, saliency, teaching.

Imports views.input, views.ui, views.session and core.
"""
