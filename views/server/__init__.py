"""What stands in front of Streamlit: who may connect, how much may be sent, how often.

Imports views.document and core.
"""
