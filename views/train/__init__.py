"""The Train page: settings, a run while it trains, its results.

Imports views.inside, views.input, views.frame, views.ui, views.session and core.
"""
