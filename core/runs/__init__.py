"""A training as a job: its directory, the queue, what is asked of it, its end.

Imports core.storage and what that stands on.
"""
