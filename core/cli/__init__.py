"""The command line: python -m core COMMAND.

Imports core.workers and what that stands on.
"""
