"""The outside of a join record: canonical JSON, one spelling only, so that no changed bit goes unnoticed.

Protocol number, cluster id and time of issue are in clear (and bound to the seal as associated data); then
a random salt, a commitment to the key, and the sealed rest, all in lower-case hex.
"""

from __future__ import annotations

import json
from typing import Any

from shim.errors import ShimError

PROTOCOL = 1
LIMIT = 64 * 1024
"""Bytes of an envelope at most; a token has 64, a chain of certificates a few thousand."""

PUBLISH = "On the head, publish it again: shim join close && shim join open"

_KINDS = {"v": int, "cluster": str, "issued": int, "salt": str, "key": str, "sealed": str}


class RecordError(ShimError):
    """A join record that cannot be made or used."""


def canonical(fields: dict[str, Any]) -> bytes:
    """Encode in the one spelling that `parse` accepts back."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def parse(data: bytes) -> dict[str, Any]:
    """Return the fields of an envelope whose size, JSON, protocol, types and spelling are right.

    Raises:
        RecordError: They are not; each fault says its own.
    """
    if len(data) > LIMIT:
        raise RecordError(f"What the join service gave has {len(data)} bytes: too long for a join record.", fix=PUBLISH)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if found is None and data.startswith(b'{"cluster":') and not data.endswith(b"}"):
        raise RecordError("The join record is cut short.", fix=PUBLISH)
    protocol = found.get("v") if isinstance(found, dict) else None
    if type(protocol) is int and protocol != PROTOCOL:
        raise RecordError(
            f"The join record speaks protocol {protocol}; this shim speaks {PROTOCOL}.",
            fix="Install the same version of shim on this node as on the head.",
        )
    if not isinstance(found, dict) or not _is_envelope(found) or canonical(found) != data:
        raise RecordError("What the join service gave is no join record.", fix=PUBLISH)
    return found


def _is_envelope(found: dict[str, Any]) -> bool:
    if {name: type(value) for name, value in found.items()} != _KINDS:
        return False
    return all(_is_hex(found[name], size) for name, size in (("salt", 64), ("key", 32), ("sealed", None)))


def _is_hex(text: str, size: int | None) -> bool:
    return set(text) <= set("0123456789abcdef") and len(text) == (size or len(text) // 2 * 2)
