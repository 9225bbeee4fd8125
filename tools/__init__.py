"""Programs for who works on the project: the app does not need them."""
