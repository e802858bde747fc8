"""Versions: read, written, ordered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.errors import LegacyError
from compat.version import Version

ORDER = [
    "0.8.7",
    "1.13.0",
    "2.9.3",
    "2.60.0.dev0",
    "2.60.0a1",
    "2.60.0b2",
    "2.60.0rc1",
    "2.60.0",
    "2.60.0.post1",
]


def test_versions_are_ordered_as_pip_orders_them() -> None:
    assert [str(version) for version in sorted(map(Version.parse, reversed(ORDER)))] == ORDER


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.60.0", Version(2, 60, 0)),
        ("2.53", Version(2, 53, 0)),
        ("v2.9.0", Version(2, 9, 0)),
        ("3.0.0.dev0", Version(3, 0, 0, (-4, 0))),
        ("2.61.0-rc.2", Version(2, 61, 0, (-1, 2))),
        ("2.9.0+cu118", Version(2, 9, 0)),
        (" 7.0.15\n", Version(7, 0, 15)),
    ],
)
def test_version_is_read(text: str, version: Version) -> None:
    assert Version.parse(text) == version


@pytest.mark.parametrize("text", ["", "2", "latest", "2.x", "2.60.0.1.1", "2.60.0banana", "ray 2.60.0"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(LegacyError) as caught:
        Version.parse(text)
    assert "2.60.0" in caught.value.fix


@given(
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from([-4, -3, -2, -1, 1]),
    st.integers(0, 9),
)
def test_version_is_written_as_it_is_read(major: int, minor: int, patch: int, stage: int, serial: int) -> None:
    for version in (Version(major, minor, patch), Version(major, minor, patch, (stage, serial))):
        assert Version.parse(str(version)) == version
        assert version.release == Version(major, minor, patch)
