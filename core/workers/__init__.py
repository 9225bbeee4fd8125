"""Where jobs are done: the warm process, and who looks after it.

Imports core.runs and what that stands on.
"""
