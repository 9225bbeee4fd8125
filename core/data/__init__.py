"""Bytes and pixels: files, drawings, handwriting, distortions; no data set by name.

Imports nothing of core but core.errors.
"""
