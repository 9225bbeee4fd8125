"""What the project claims about itself, measured: each module prints a table, or JSON."""
