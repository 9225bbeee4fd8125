"""How long runs take here, from what was measured here: how fast it trains, how long one waits.

Imports core.runs and what that stands on; no torch.
"""
