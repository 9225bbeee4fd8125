"""Where the picture comes from: the canvas, the test images, an upload.

Imports views.ui, views.session and core.
"""
