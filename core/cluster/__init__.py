"""Trainers on other machines: who hands runs out to them, and what each of them does.

Imports core.jobs and what that stands on; distributed only where a cluster is asked for.
"""
