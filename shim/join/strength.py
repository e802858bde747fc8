"""What a legacy password is worth, and the refusal to put a weak one on the network.

The salt of the key derivation is fixed, so one table of guesses would serve against every cluster: that is
paid for here, by asking for passwords that no table holds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.join.credential import encode

if TYPE_CHECKING:
    from shim.secret import Secret

ENOUGH = 64
"""Bits that a password must be worth on the network: 2^64 guesses of 0.4 s. ``uuidgen`` is worth more."""

LOOKED_AT = 72
"""Characters that are estimated; zxcvbn is quadratic, and what follows can only add."""


def bits(password: Secret) -> float:
    """Estimate how many bits a password is worth to somebody who knows how people choose passwords.

    Raises:
        ShimError: It is no text that can be a password (see `encode`).
    """
    from zxcvbn import zxcvbn

    text = encode(password).decode()
    return math.log2(max(1, zxcvbn(text[:LOOKED_AT])["guesses"]))


def refuse_weak(password: Secret, on_network: bool) -> str | None:
    """Refuse a password that is too weak to open a join with; return a warning when it may pass, or None.

    Args:
        password: The legacy password.
        on_network: Whether others than this host can reach the join service.

    Raises:
        ShimError: Everybody knows it; or the join is on the network and it is worth less than `ENOUGH` bits.
    """
    from compat.passwords import is_famous

    remedies = "Use a longer one (uuidgen makes one), or --no-join and a token file on every node."
    if is_famous(password.reveal()):
        raise ShimError("This Redis password is one that everybody knows.", fix=remedies)
    worth = bits(password)
    if worth >= ENOUGH:
        return None
    found = f"This Redis password is worth about {worth:.0f} bits"
    if on_network:
        raise ShimError(f"{found}; to open a join on the network it needs {ENOUGH}.", fix=remedies)
    return f"{found}: enough on this host alone, too weak (under {ENOUGH}) to open a join on the network."
