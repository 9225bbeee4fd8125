"""The tour and the lessons: what they ask, how they know that it is done, their panel on each page.

Imports views.ui, views.session and core.
"""
