"""Bytes and pixels: files, drawings, handwriting, distortions; no data set by name.

Imports nothing from core but core.errors.
"""
