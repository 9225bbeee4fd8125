"""The Draw page: canvas, inputs, answers, saliency, teaching.

Imports views.ui, views.session and core.
"""
