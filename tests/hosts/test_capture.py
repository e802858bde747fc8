"""TCP streams are put together right, whatever happened to their segments on the way."""

from __future__ import annotations

import pytest

from tests.hosts.capture import assemble


@pytest.mark.parametrize(
    "segments",
    [
        [(7, b"ab"), (9, b"cd"), (11, b"ef")],
        [(9, b"cd"), (11, b"ef"), (7, b"ab")],
        [(7, b"ab"), (7, b"abcd"), (9, b"cd"), (11, b"ef")],
        [(7, b"abc"), (9, b"cde"), (9, b"cd"), (11, b"ef")],
        [(7, b"abcdef"), (8, b"b"), (9, b"cd")],
        [(2**32 - 2, b"ab"), (0, b"cd"), (2, b"ef")],
    ],
    ids=["in order", "late", "sent again, longer", "overlapping", "contained", "wrapped"],
)
def test_a_stream_comes_out_whole(segments: list[tuple[int, bytes]]) -> None:
    assert assemble(segments) == b"abcdef"
