"""What is made of the legacy password: the ``join`` user's password, and the key that seals the join record.

One scrypt, then HKDF. Every constant here is part of protocol 1: head and worker must agree, so changing one
means a new protocol number, not an edit. docs/decisions/join-protocol.md says why the salt is fixed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

from shim.errors import ShimError
from shim.secret import Secret

COST = 2**17
"""scrypt's N; with r=8 it takes 128 MiB, and 0.44 s on the machine where it was measured."""

BLOCK, PARALLEL = 8, 1
SALT = b"ray-redis-shim join protocol 1"
MEMORY = 2 * 128 * COST * BLOCK
"""What OpenSSL may take, in bytes: its own default of 32 MiB refuses this cost."""

KEY, USER = "shim:join", "join"
"""The one key of the join service, and the user who may read it and do nothing else."""

LONGEST = 1024
"""Bytes of a password in UTF-8. Redis allowed more; nobody types more."""

_FIX = "Pass the password as one line of text, without its line end."


@dataclass(frozen=True)
class Derived:
    """Keys made of a legacy password; the password itself is not kept."""

    master: Secret
    """Output of scrypt, 64 bytes in hex; never leaves the process."""

    @property
    def join_password(self) -> Secret:
        """The password of the ``join`` user: 32 bytes in hex. It crosses the wire, and opens no seal."""
        return Secret(self._expand(b"join password", b"").hex())

    def seal_key(self, salt: bytes) -> bytes:
        """Return the 32-byte key that seals the record with this salt."""
        return self._expand(b"seal", salt)

    def commitment(self, salt: bytes) -> bytes:
        """Return 16 bytes that name the sealing key without telling it.

        ChaCha20-Poly1305 alone lets one ciphertext open under several keys, and cannot tell a wrong
        password from a damaged record.
        """
        return self._expand(b"commitment", salt)[:16]

    def _expand(self, purpose: bytes, salt: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = HKDF(SHA256(), length=32, salt=salt, info=SALT + b": " + purpose)
        return key.derive(bytes.fromhex(self.master.reveal()))


def derive(password: Secret) -> Derived:
    """Stretch the legacy password; takes about half a second and 128 MiB, and lets other threads run.

    Raises:
        ShimError: The password is no text that Redis or a shell would have taken, or memory is short.
    """
    text = encode(password)
    try:
        master = hashlib.scrypt(text, salt=SALT, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY, dklen=64)
    except (MemoryError, ValueError) as error:
        raise ShimError(
            "The key derivation needs 128 MiB of memory, and could not get it.",
            fix="Free some memory, or raise the limit (ulimit -v, MemoryMax=, the container's).",
        ) from error
    return Derived(Secret(master.hex()))


def encode(password: Secret) -> bytes:
    """Return the password as the bytes that are stretched: UTF-8 of its composed form.

    ``é`` typed on macOS (two code points) and on Linux (one) is the same password (NFC, as RFC 8265 wants).

    Raises:
        ShimError: It is empty, too long, not UTF-8, or has a line end or NUL in it.
    """
    text = password.reveal()
    if not text:
        raise ShimError(
            "The Redis password is empty.",
            fix="Give one, or leave the option out: then only the token counts.",
        )
    if set(text) & set("\0\n\r"):
        raise ShimError("The Redis password has a line end or a NUL character in it.", fix=_FIX)
    try:
        data = unicodedata.normalize("NFC", text).encode()
    except UnicodeEncodeError:
        raise ShimError("The Redis password is not UTF-8 text.", fix="Convert it, or choose another one.") from None
    if len(data) > LONGEST:
        raise ShimError(f"The Redis password has {len(data)} bytes; at most {LONGEST} are taken.", fix=_FIX)
    return data
