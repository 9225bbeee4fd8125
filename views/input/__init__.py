"""Where the picture comes from: the canvas, the test images, a photo.

Imports views.ui, views.session and core.
"""
