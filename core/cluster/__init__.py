"""Trainers on other machines, and who hands runs to them.

Imports core.jobs and what that stands on; distributed only where a cluster is asked for.
"""
