"""The Lessons page: cards of lessons, the sabotage quiz, a shifted picture, a sheet to print.

Imports views.input, views.frame, views.guide, views.ui, views.session, views.server and core.
"""
