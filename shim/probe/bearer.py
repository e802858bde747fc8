"""The header in which Ray expects its token."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shim.secret import Secret


def bearer(token: Secret | None) -> list[tuple[str, str]]:
    """Return the header for a token, none for a stranger.

    ``Bearer`` with a capital and one space: Ray 2.60 refuses anything else (http_token_authentication.py).

    Raises:
        OSError: The token holds characters that no header can carry. The message does not show them.
    """
    if token is None:
        return []
    text = token.reveal()
    if not (text.isascii() and text.isprintable()):
        raise OSError(errno.EINVAL, "the token holds characters that no header can carry")
    return [("authorization", f"Bearer {text}")]
