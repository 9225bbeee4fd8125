"""Who does the jobs: the warm process, and the supervisor that looks after it.

Imports core.cluster and what that stands on.
"""
