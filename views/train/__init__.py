"""The Train page: settings, a run while it trains, its results.

Imports views.ui, views.session and core.
"""
