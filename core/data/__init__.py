"""Bytes and pixels: files, photos, drawings, handwriting, distortions; no data set by name.

Imports nothing from core but core.errors and core.systems.
"""
