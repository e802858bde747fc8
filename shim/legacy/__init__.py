"""Unmodified legacy commands, drivers and calls, on a cluster that asks for a token."""
