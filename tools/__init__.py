"""Commands that film the app and photograph its pages; no tests."""
