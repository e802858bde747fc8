# mypy: ignore-errors
"""Inside."""
