"""A value that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Text that must not reach argv, logs, plans, journals, findings or tracebacks.

    Prints as ``Secret(***)``, refuses to be pickled, compares in constant time. ``reveal()`` is the
    only way in, so every use of the value can be found with grep.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def generate(cls, bits: int = 256) -> Secret:
        """Return a fresh random secret in lower-case hex (``bits / 4`` characters)."""
        import secrets

        return cls(secrets.token_hex(bits // 8))

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        one, two = (text.encode(errors="surrogatepass") for text in (self._text, other._text))
        return hmac.compare_digest(one, two)

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
