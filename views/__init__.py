"""The pages. Compute in core, chart in charts, show here."""
