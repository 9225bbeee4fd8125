"""Where the picture comes from: the canvas, the test images, an upload; and questions about it.

Imports views.ui, views.session and core.
"""
