"""The key derivation in a thread: 0.4 s of scrypt beside what has to be done anyway."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shim.join.credential import Derived, derive

if TYPE_CHECKING:
    from shim.secret import Secret


class Derivation:
    """One derivation, begun; OpenSSL lets Python go on meanwhile: loading modules and connecting cost nothing."""

    def __init__(self, password: Secret) -> None:
        self._derived: Derived | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(password,), daemon=True)
        self._thread.start()
        import cryptography.hazmat.primitives.ciphers.aead
        import cryptography.hazmat.primitives.kdf.hkdf  # noqa: F401 - while scrypt runs, not after it

    def _run(self, password: Secret) -> None:
        try:
            self._derived = derive(password)
        except Exception as error:  # noqa: BLE001 - raised again by result()
            self._failure = error

    def result(self) -> Derived:
        """Wait for the keys; raises what the derivation raised."""
        self._thread.join()
        if self._derived is None:
            assert self._failure is not None  # noqa: S101 - _run sets one of the two
            raise self._failure
        return self._derived
