"""Versions of Ray and of Redis-compatible servers."""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import LegacyError

_FORM = re.compile(
    r"v?(?P<major>\d+)\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?"
    r"(?:[.\-_]?(?P<stage>dev|a|alpha|b|beta|rc|post)[.\-_]?(?P<serial>\d*))?"
    r"(?:\+[\w.]+)?",
    re.ASCII | re.IGNORECASE,
)
_STAGES = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "rc": -1, "post": 1}
_SUFFIXES = {-4: ".dev", -3: "a", -2: "b", -1: "rc", 1: ".post"}


class Version(NamedTuple):
    """A version, ordered as pip orders them: dev < alpha < beta < rc < release < post.

    ``stage`` is ``(0, 0)`` for a release; otherwise the kind of suffix and its number.
    """

    major: int
    minor: int
    patch: int = 0
    stage: tuple[int, int] = (0, 0)

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read ``2.60.0``, ``2.53``, ``2.61.0rc1`` or ``3.0.0.dev0``; a build suffix (``+cu118``) is dropped.

        Raises:
            LegacyError: ``text`` is not a version.
        """
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise LegacyError(f"{text!r} is not a version.", fix="Write it as Ray does, for example 2.60.0.")
        stage = (0, 0)
        if form["stage"]:
            stage = (_STAGES[form["stage"].lower()], int(form["serial"] or 0))
        return cls(int(form["major"]), int(form["minor"]), int(form["patch"] or 0), stage)

    @property
    def release(self) -> Version:
        """The same version without its suffix: what 2.54.0rc1 becomes when it is done."""
        return Version(self.major, self.minor, self.patch)

    def __str__(self) -> str:
        kind, serial = self.stage
        return f"{self.major}.{self.minor}.{self.patch}" + (f"{_SUFFIXES[kind]}{serial}" if kind else "")
