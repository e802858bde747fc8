"""Speak to a port as a stranger, or as the holder of a token, would, and say what was seen.

Nothing here changes, starts or runs anything on the other side.
"""
