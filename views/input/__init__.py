"""Where the picture comes from: the canvas, the test images, a photo; and questions about it.

Imports views.ui, views.session and core.
"""
