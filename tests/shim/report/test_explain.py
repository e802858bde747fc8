"""The JSON of shim explain keeps its form: scripts read it."""

from __future__ import annotations

import pytest

from compat.version import Version
from shim.explain import explain
from shim.report.explain_record import record, url

NOW = Version(2, 60, 0)
KEYS = {"version", "kind", "known", "input", "ray", "verdict", "protects"}
KEYS |= {"options", "elsewhere", "now", "why", "errors", "sources", "suggestions"}
OPTION = {"id", "spelling", "of", "default", "eras", "modern"}
ERA = {"from", "until", "effect", "what", "current"}
MODERN = {"ray", "lines", "advice", "notes", "warnings"}
NOTE = {"id", "was", "now", "since", "sure", "text"}
ERROR = {"id", "title", "says", "of", "since", "until", "here", "symptom", "line", "times", "cause", "fix"}


@pytest.mark.parametrize(
    "what",
    [
        "ray start --head --redis-password=x",
        "ray.init(redis_password='x')",
        "RAY_TOKEN",
        "redis_password",
        "MOVED 1 h:1",
        "?",
    ],
)
def test_every_kind_has_the_same_keys(what: str) -> None:
    found = record(explain(what, NOW))
    assert found.keys() == KEYS
    assert (found["version"], found["ray"]) == (1, "2.60.0")


def test_options_and_the_modern_form() -> None:
    found = record(explain("ray start --head --redis-port=1 --redis-password=x", NOW))
    options, now = found["options"], found["now"]
    assert isinstance(options, list)
    assert isinstance(now, dict)
    assert [option["id"] for option in options] == ["start-redis-password", "start-redis-port"]
    assert all(option.keys() == OPTION for option in options)
    assert all(era.keys() == ERA for option in options for era in option["eras"])
    assert [sum(era["current"] for era in option["eras"]) for option in options] == [1, 1]
    assert now.keys() == MODERN
    assert now["lines"] == [
        "shim start --head --redis-port=1 --redis-password=***",
        "shim token generate",
        "RAY_AUTH_MODE=token ray start --head --port=1",
    ]
    assert all(note.keys() == NOTE for note in now["notes"])


def test_errors() -> None:
    errors = record(explain("x\nNOAUTH Authentication required.", NOW))["errors"]
    assert isinstance(errors, list)
    (error,) = errors
    assert error.keys() == ERROR
    assert (error["id"], error["line"], error["times"], error["here"]) == ("redis-noauth", 2, 1, True)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("ray#48226", "https://github.com/ray-project/ray/issues/48226"),
        ("PR ray#21232", "https://github.com/ray-project/ray/pull/21232"),
        ("kuberay#953", "https://github.com/ray-project/kuberay/issues/953"),
        ("run of 2.60.0", None),
    ],
)
def test_issues_have_addresses(source: str, address: str | None) -> None:
    assert url(source) == address
