"""What is wrong with a legacy command line, call or variable."""

from __future__ import annotations


class LegacyError(ValueError):
    """Bad input in something written for an older Ray, and what to write in its place.

    Args:
        what: One sentence that names the place. Never holds a password.
        fix: What to type or change.
    """

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
