"""What several pages show: theme, style, pictures, tables, sharing, files.

Imports views.session, views.server, views.document and core.
"""
