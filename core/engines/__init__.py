"""Engines, which compute the gradients of a batch: threads, processes, a GPU, bfloat16, memory.

Imports core.model and what that is built on.
"""
