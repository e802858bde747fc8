"""The join record: what a node must know to enter the cluster, sealed with a key made of the legacy password.

ChaCha20-Poly1305 (RFC 8439); everything that the envelope shows in clear is bound as associated data.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shim.join.envelope import LIMIT, PROTOCOL, PUBLISH, RecordError, canonical, parse
from shim.secret import Secret
from shim.token import fingerprint

if TYPE_CHECKING:
    from shim.join.credential import Derived

AHEAD = 300
"""Seconds that the clock of the head may be ahead of ours."""

NONCE = bytes(12)
"""Zero: each key is made with a fresh salt of 32 bytes and seals one record only."""


@dataclass(frozen=True)
class JoinRecord:
    """What a joining node gets: times in whole seconds since 1970, ``ca`` in PEM when the cluster has TLS."""

    token: Secret
    cluster_id: str
    issued_at: int
    ray_version: str
    gcs_port: int
    ca: str | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """What people compare on both sides."""
        return fingerprint(self.token)


def seal(record: JoinRecord, derived: Derived) -> bytes:
    """Return the record as bytes that only the same legacy password opens.

    Raises:
        RecordError: It is longer than `LIMIT` (a very long chain of certificates).
    """
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt = secrets.token_bytes(32)
    header = {
        "v": PROTOCOL,
        "cluster": record.cluster_id,
        "issued": record.issued_at,
        "salt": salt.hex(),
        "key": derived.commitment(salt).hex(),
    }
    inside = {
        "token": record.token.reveal(),
        "ray": record.ray_version,
        "port": record.gcs_port,
        "ca": record.ca,
    }
    sealed = ChaCha20Poly1305(derived.seal_key(salt)).encrypt(NONCE, canonical(inside), canonical(header))
    data = canonical({**header, "sealed": sealed.hex()})
    if len(data) > LIMIT:
        raise RecordError(
            f"The join record has {len(data)} bytes; at most {LIMIT} are allowed.",
            fix="Publish one CA certificate instead of a whole bundle.",
        )
    return data


def open_record(data: bytes, derived: Derived, *, now: float) -> JoinRecord:
    """Return the record inside ``data``; ``now`` is our time in seconds since 1970.

    Raises:
        RecordError: It is too long, cut short, no join record, of another protocol, sealed with another
            password, changed by somebody, or from more than `AHEAD` seconds in our future.
    """
    header = parse(data)
    sealed = bytes.fromhex(header.pop("sealed"))
    salt = bytes.fromhex(header["salt"])
    if not hmac.compare_digest(derived.commitment(salt), bytes.fromhex(header["key"])):
        raise RecordError(
            "The join record is sealed with another password: a forgery, or one that an earlier start left.",
            fix=f"Check that this is the right head. {PUBLISH}",
        )
    inside = _decrypt(sealed, salt, header, derived)
    _check_clock(header["issued"], now)
    return JoinRecord(
        token=Secret(inside["token"]),
        cluster_id=header["cluster"],
        issued_at=header["issued"],
        ray_version=inside["ray"],
        gcs_port=inside["port"],
        ca=inside["ca"],
    )


def _decrypt(sealed: bytes, salt: bytes, header: dict[str, Any], derived: Derived) -> dict[str, Any]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        inside = ChaCha20Poly1305(derived.seal_key(salt)).decrypt(NONCE, sealed, canonical(header))
    except InvalidTag:
        raise RecordError(
            "The join record has been changed since it was sealed: forged, or damaged on the way.",
            fix=f"Find out who stands between you and the head. {PUBLISH}",
        ) from None
    return dict(json.loads(inside))


def _check_clock(issued: int, now: float) -> None:
    if issued > now + AHEAD:
        raise RecordError(
            f"The join record was issued at {_clock(issued)}, but this host's clock says {_clock(now)}.",
            fix="Set both clocks (timedatectl set-ntp true), then join again.",
        )


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
