"""The one root of every error that shim raises on purpose."""

from __future__ import annotations


class ShimError(Exception):
    """Something is wrong, and this is what a person can do about it.

    Args:
        what: One sentence that says what is wrong. Never holds a secret.
        fix: What to type or change. Required: an error without a remedy is half an error.
        exit_code: 1 failed, 2 called wrongly (see ``docs/exit-codes.md``).
    """

    def __init__(self, what: str, *, fix: str, exit_code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.exit_code = exit_code


class UsageError(ShimError):
    """The command was called wrongly; nothing was read or changed."""

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what, fix=fix, exit_code=2)
