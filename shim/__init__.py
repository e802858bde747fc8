"""From Ray's old Redis passwords to Ray's token authentication."""

__version__ = "0.1.0"
