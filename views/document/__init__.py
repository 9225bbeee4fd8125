"""The HTML document that Streamlit's page runs in, and the files that come with it.

Imports nothing of ours.
"""
