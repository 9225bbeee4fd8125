"""Data sets of people's own on disk: kept and deleted, and read by a process of its own.

Imports core.runs and what that stands on.
"""
