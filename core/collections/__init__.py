"""Data sets of one's own: pictures in named folders, brought into shape.

Imports core.dataset and what that stands on.
"""
