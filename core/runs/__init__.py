"""A training as a job: its directory, the queue, what a visitor asks of it, its end.

Imports core.storage and what that stands on; torch only where a job needs it.
"""
