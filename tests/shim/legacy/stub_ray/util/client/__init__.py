# mypy: ignore-errors
"""Ray Client."""
