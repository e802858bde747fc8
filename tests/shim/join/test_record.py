"""What is sealed opens with the same password, and nothing else does."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shim.join.credential import Derived
from shim.join.envelope import LIMIT, RecordError
from shim.join.record import JoinRecord, open_record, seal
from shim.secret import Secret

NOW = 1_790_000_000
DERIVED = Derived(Secret("11" * 64))
OTHER = Derived(Secret("22" * 64))
TOKEN = "c0ffee" * 10
RECORD = JoinRecord(Secret(TOKEN), "28c9d0f1", NOW, "2.60.0", 6379, "-----BEGIN CERTIFICATE-----\n")
SEALED = seal(RECORD, DERIVED)


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(SEALED), **fields}, sort_keys=True, separators=(",", ":")).encode()


def test_opens_with_the_same_password() -> None:
    assert open_record(SEALED, DERIVED, now=NOW) == RECORD


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
RECORDS = st.builds(
    JoinRecord,
    token=TEXT.map(Secret),
    cluster_id=TEXT,
    issued_at=st.integers(0, NOW),
    ray_version=TEXT,
    gcs_port=st.integers(1, 65535),
    ca=st.none() | TEXT,
)


@given(RECORDS, st.binary(min_size=64, max_size=64))
def test_any_record_survives_the_round_trip(record: JoinRecord, master: bytes) -> None:
    derived = Derived(Secret(master.hex()))
    assert open_record(seal(record, derived), derived, now=NOW) == record


@settings(max_examples=500)
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    data = bytearray(SEALED)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RecordError):
        open_record(bytes(data), DERIVED, now=NOW)


@given(st.integers(0, len(SEALED) - 1))
def test_any_truncation_is_refused(size: int) -> None:
    with pytest.raises(RecordError):
        open_record(SEALED[:size], DERIVED, now=NOW)


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(RecordError):
        open_record(data, DERIVED, now=NOW)


@given(
    st.fixed_dictionaries({name: st.none() | st.integers() | st.text("0a", max_size=64) for name in json.loads(SEALED)})
)
def test_fields_of_wrong_type_or_size_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        open_record(changed(**fields), DERIVED, now=NOW)


# Each fault says its own.


def refusal(data: bytes, derived: Derived = DERIVED, now: float = NOW) -> RecordError:
    with pytest.raises(RecordError) as caught:
        open_record(data, derived, now=now)
    assert caught.value.fix
    return caught.value


def test_other_password_is_told_from_a_forgery() -> None:
    assert "sealed with another password" in refusal(SEALED, OTHER).what
    sealed = json.loads(SEALED)["sealed"]
    other_end = f"{int(sealed[-2:], 16) ^ 1:02x}"
    assert "changed since it was sealed" in refusal(changed(sealed=sealed[:-2] + other_end)).what


def test_what_is_shown_in_clear_is_bound_to_the_seal() -> None:
    assert "changed since it was sealed" in refusal(changed(issued=NOW - 1)).what
    assert "changed since it was sealed" in refusal(changed(cluster="another")).what
    assert "another password" in refusal(changed(salt="00" * 32)).what


def test_truncated_record_is_called_cut_short() -> None:
    assert "cut short" in refusal(SEALED[:-1]).what
    assert "cut short" in refusal(SEALED[: len(SEALED) // 2]).what


def test_other_protocol_names_both_versions() -> None:
    error = refusal(changed(v=2))
    assert "protocol 2; this shim speaks 1" in error.what
    assert "same version" in error.fix


def test_not_a_record() -> None:
    for data in (
        b"",
        b"OK",
        b"{}",
        b"[]",
        b'{"v":1}',
        b"[" * 50_000,
        b'{"v":true}',
        SEALED + b"\n",
        SEALED.upper(),
    ):
        assert "no join record" in refusal(data).what


def test_endless_record_is_not_parsed() -> None:
    assert "too long" in refusal(b" " * (LIMIT + 1)).what
    with pytest.raises(RecordError, match="at most"):
        seal(dataclasses.replace(RECORD, ca="x" * LIMIT), DERIVED)


def test_clock_ahead_names_both_times() -> None:
    late = seal(dataclasses.replace(RECORD, issued_at=NOW + 301), DERIVED)
    error = refusal(late)
    assert "issued at 2026-09-21 14:18:21 UTC" in error.what
    assert "clock says 2026-09-21 14:13:20 UTC" in error.what
    assert "timedatectl" in error.fix
    assert open_record(late, DERIVED, now=NOW + 1).issued_at == NOW + 301


def test_old_records_are_fine() -> None:
    """A head publishes once and runs for months."""
    assert open_record(SEALED, DERIVED, now=NOW + 365 * 86400) == RECORD


def test_two_seals_of_one_record_share_nothing_secret() -> None:
    again = json.loads(seal(RECORD, DERIVED))
    first = json.loads(SEALED)
    assert {name for name in first if first[name] != again[name]} == {"salt", "key", "sealed"}


def test_envelope_and_repr_tell_neither_token_nor_fingerprint() -> None:
    shown = SEALED.decode() + repr(RECORD)
    assert TOKEN not in shown
    assert TOKEN.encode().hex() not in shown
    assert RECORD.fingerprint not in shown
