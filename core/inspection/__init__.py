"""What goes on inside a network: a map of its features, what flips it, what breaks it, its sums.

Imports core.evaluation and what that stands on.
"""
