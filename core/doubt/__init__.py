"""Honest doubt: ink that is no digit, drawn in code, and the detector that learns to tell it.

Imports core.trainer and what that stands on.
"""
