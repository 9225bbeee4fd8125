"""The Train page: settings, a run while it trains, its results.

Imports views.input, views.ui, views.session and core.
"""
