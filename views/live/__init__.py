"""The live channel: answers while the pen moves, over a websocket beside Streamlit's.

Imports views.draw, views.input, views.session, views.server and core.
"""
