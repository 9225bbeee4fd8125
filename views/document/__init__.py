"""The HTML document that Streamlit's page runs in, its files, and the sites that may use them.

Imports core.
"""
