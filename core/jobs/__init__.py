"""What is done with a run, on any machine, and how it gets into files.

Imports core.forecast and what that stands on.
"""
