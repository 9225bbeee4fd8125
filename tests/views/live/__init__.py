"""The live channel: answers while the pen moves."""
