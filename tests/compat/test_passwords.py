"""Passwords and tokens that everybody knows."""

from __future__ import annotations

import pytest

from compat.passwords import is_famous


@pytest.mark.parametrize(
    "text",
    [
        "5241590000000000",
        " 5241590000000000\n",
        "'5241590000000000'",
        "LetMeInRay",
        "raycluster_secret",
        "PASSWORD",
        "<your-token>",
        "$(uuidgen)",
        "LET_ME_IN",
    ],
)
def test_public_password_is_famous(text: str) -> None:
    assert is_famous(text)


@pytest.mark.parametrize("text", ["", "5241590000000001", "b9c1f1de-7e1d-4a3e-9b3b-0f6a8a1f0f6c", "ray cluster"])
def test_any_other_password_is_not(text: str) -> None:
    assert not is_famous(text)
