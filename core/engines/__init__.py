"""Who computes a batch, and how: threads, processes, a GPU, bfloat16, memory.

Imports core.model and what that stands on.
"""
