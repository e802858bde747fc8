"""The table of known error messages: each row finds its own wording, and only that."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.messages import MESSAGES, Message, alike, find
from compat.version import Version

SAMPLES = [(row, sample) for row in MESSAGES for sample in row.samples]
ROWS = {row.id: row for row in MESSAGES}


def ids(text: str) -> list[str]:
    return [found.message.id for found in find(text)]


def test_rows_are_whole() -> None:
    assert len(ROWS) == len(MESSAGES)
    for row in MESSAGES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id)
        assert all((row.samples, row.fix, row.sources, row.title, row.says)), row.id
        assert row.cause.endswith((".", ")")), row.id
        assert row.since is None or row.until is None or row.since <= row.until


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=[f"{row.id}-{sample[:30]}" for row, sample in SAMPLES])
def test_a_row_matches_its_sample_and_no_other_row_does(row: Message, sample: str) -> None:
    assert ids(sample) == [row.id]


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=[f"{row.id}-{sample[:30]}" for row, sample in SAMPLES])
def test_it_is_found_in_a_log_that_wraps_and_has_colours(row: Message, sample: str) -> None:
    log = f"2026-11-20 10:12:01 INFO started\n\x1b[31m{sample.replace(' ', chr(10) + '    ')}\x1b[0m\nnext line\n"
    assert row.id in ids(log)


def test_placeholders_are_filled_from_the_text() -> None:
    (found,) = find("Error: No such option: --num-redis-shards")
    assert "--num-redis-shards" in found.cause
    assert "{" not in found.cause + "".join(found.fix)


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: row.id)
def test_no_placeholder_stays_empty(row: Message) -> None:
    for sample in row.samples:
        (found,) = find(sample)
        shown = found.cause + "".join(found.fix)
        assert not re.search(r"\{(option|name|command|mode)\}", shown)


def test_a_cause_comes_before_a_symptom_and_the_whole_before_a_part() -> None:
    log = (
        "RuntimeError: Failed to start GCS.  Last 0 lines of error files:\n"
        "Setup Redis cluster failed in the dummy deletion: NOPERM this user has no permissions to run the command\n"
        "Setup Redis cluster failed in the dummy deletion: NOPERM this user has no permissions to run the command\n"
    )
    first, second = find(log)
    assert (first.message.id, first.line, first.times) == ("gcs-dummy-deletion", 2, 2)
    assert (second.message.id, second.line) == ("gcs-failed-to-start", 1)


def test_a_short_cause_comes_before_a_long_symptom() -> None:
    log = "ConnectionError: Could not find any running Ray instance. Please specify\nNOAUTH\n"
    assert ids(log) == ["redis-noauth", "no-running-ray"]


def test_a_wrong_token_says_one_thing_though_ray_says_two() -> None:
    text = (
        "ray.exceptions.AuthenticationError: Authentication failed: Forbidden: Invalid authentication token\n\n"
        "Token authentication is enabled but the authentication token is invalid or incorrect."
    )
    (found,) = find(text)
    assert (found.message.id, found.times) == ("token-wrong-http", 2)


@pytest.mark.parametrize(
    ("number", "version", "said"),
    [
        ("init-redis-password-type-error", "1.4.1", True),
        ("init-redis-password-type-error", "1.5.0", False),
        ("init-redis-password-unknown", "1.4.1", False),
        ("init-redis-password-unknown", "2.60.0", True),
        ("token-mode-needed", "2.53.0", False),
        ("option-redis-username", "2.41.0", False),
    ],
)
def test_a_row_knows_which_ray_says_it(number: str, version: str, said: bool) -> None:
    assert ROWS[number].said_by(Version.parse(version)) is said


def test_text_without_an_error_finds_nothing() -> None:
    assert find("") == []
    assert find("Ray runtime started.\nray start --head --redis-password=x") == []


def test_a_garbled_message_is_answered_with_the_nearest() -> None:
    assert "redis-wrongpass" in [row.id for row in alike("wrongpas: invalid username password pair, user disabled")]
    assert alike("hello") == []


@given(st.text())
def test_any_text_is_searched(text: str) -> None:
    find(text)
    alike(text)


@given(st.sampled_from(SAMPLES), st.text(string.printable, max_size=60), st.text(string.printable, max_size=60))
def test_a_message_is_found_whatever_stands_around_it(case: tuple[Message, str], before: str, after: str) -> None:
    row, sample = case
    found = find(f"{before}\n{sample}\n{after}")
    longer = {each.message.id for each in found}
    assert row.id in longer or any(sample not in each.message.samples for each in found)
    for each in found:
        assert all(re.fullmatch(r"[\w-]+", name) for name in each.names.values())


def test_a_long_log_is_searched_in_seconds() -> None:
    import time

    line = "[2026-11-20 10:12:01,123 I 47 47] (gcs_server) node.cc:55: in status Redis rediss://a failed NO %d\n"
    text = "".join(line % place for place in range(10_000))
    began = time.monotonic()
    assert find(text) == []
    assert time.monotonic() - began < 10
