"""Every error that shim raises on purpose says what is wrong and what to do, and knows its exit code."""

from __future__ import annotations

import inspect

import pytest

from shim.errors import ShimError, UsageError
from tests.imports import modules

INSIDE_RAY = ("shim.cluster.bootstrap", "shim.legacy.hook")
"""What runs in Ray's own Python, where shim is not installed."""


def test_an_error_without_a_remedy_cannot_be_made() -> None:
    for kind in (ShimError, UsageError):
        with pytest.raises(TypeError, match="fix"):
            kind("Something is wrong.")  # type: ignore[call-arg]


def test_it_carries_both_sentences_and_the_code() -> None:
    error = ShimError("The disk is full.", fix="Free some space.", exit_code=3)
    assert (error.what, error.fix, error.exit_code, str(error)) == (
        "The disk is full.",
        "Free some space.",
        3,
        "The disk is full.",
    )


def test_failing_is_1_and_calling_wrongly_is_2() -> None:
    assert ShimError("x", fix="y").exit_code == 1
    assert UsageError("x", fix="y").exit_code == 2


def test_every_error_class_of_shim_has_the_one_root() -> None:
    """`shim.cli.main` catches that root; anything else would be a traceback."""
    import importlib

    strangers = []
    for name in modules():
        if not name.startswith("shim.") or name.startswith(INSIDE_RAY) or name.endswith("__main__"):
            continue
        for found in vars(importlib.import_module(name)).values():
            if inspect.isclass(found) and found.__module__ == name and issubclass(found, Exception):
                public = not found.__name__.startswith("_")
                if public and not issubclass(found, ShimError | OSError):  # OSError: what probes raise, as sockets do
                    strangers.append(f"{name}.{found.__name__}")
    assert strangers == []
