"""The words of a ``python`` command line: which are Python's own options, and where the script begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TAKES_VALUE = ("W", "X")
_LAST = ("c", "m")
_LONG_VALUE = "--check-hash-based-pycs"
_CLOSED = {"I": "isolates Python from its environment", "E": "makes Python ignore PYTHONPATH", "S": "leaves out site"}
_WORKS = "-P and -s work."


def refuse_closed_door(words: Sequence[str]) -> None:
    """Refuse options of Python under which a hook cannot come in (``-I``, ``-E``, ``-S``).

    Args:
        words: Everything from Python's options on.

    Raises:
        UsageError: Names the option.
    """
    for word in python_options(words):
        for letter in "" if word.startswith("--") else _letters(word):
            if letter in _CLOSED:
                raise UsageError(
                    f"With -{letter}, shim cannot help: it {_CLOSED[letter]}, and the translation comes in that way.",
                    fix=f"Leave -{letter} out ({_WORKS}), or change the script: shim explain tells how.",
                )


def python_options(words: Sequence[str]) -> list[str]:
    """Return Python's own options, values of separate words left out, up to the script, ``-c``, ``-m`` or ``-``."""
    options: list[str] = []
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] not in ("-", "--"):
        word = words[place]
        options.append(word)
        letters = "" if word.startswith("--") else _letters(word)
        if letters.endswith(_LAST):
            break
        value_follows = word == _LONG_VALUE or (letters.endswith(_TAKES_VALUE) and word.endswith(letters[-1]))
        place += 2 if value_follows else 1
    return options


def _letters(word: str) -> str:
    """Return the option letters of ``-uIm``; what follows ``c``, ``m``, ``W`` or ``X`` in it is a value."""
    letters = ""
    for letter in word[1:]:
        letters += letter
        if letter in (*_TAKES_VALUE, *_LAST):
            break
    return letters
