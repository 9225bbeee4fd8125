"""What is done with a run, wherever: trained, taught or tested, with no directory in sight.

Imports core.runs, for its words alone, and what that stands on.
"""
