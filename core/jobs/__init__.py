"""What is done with a run, wherever: trained, taught or tested; and how that gets into its files.

Imports core.runs and what that stands on.
"""
