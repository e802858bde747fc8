"""Ray's processes get token mode aloud, a path to the token, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from shim.cluster.environment import PATIENCE, SECRETS, node_environment, token_environment

TOKEN, FOLDER = Path("/t/auth_token"), Path("/state/default/head")


@pytest.mark.parametrize("name", [*SECRETS, "SHIM_STORE_PASSWORD", "SHIM_STORE_USERNAME", "SHIM_ANYTHING"])
def test_no_secret_is_passed_on(name: str) -> None:
    for found in (token_environment({name: "s3cret"}, TOKEN), node_environment({name: "s3cret"}, TOKEN, FOLDER)):
        assert "s3cret" not in found.values()


def test_the_address_of_a_redis_with_its_password_is_not_passed_on() -> None:
    """Only the GCS needs it, and gets it without the password; jobs would read the environment of their worker."""
    given = {"RAY_REDIS_ADDRESS": "rediss://u:s3cret@store:6380"}
    assert "s3cret" not in str(token_environment(given, TOKEN))
    assert "s3cret" not in str(node_environment(given, TOKEN, FOLDER))


@pytest.mark.parametrize("mode", ["disabled", "TOKEN", "k8s", ""])
def test_token_mode_is_set_whatever_was_set(mode: str) -> None:
    """Left unset or misspelt it silently means disabled."""
    given = {"RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN_PATH": "/elsewhere", "RAY_AUTH_TOKEN": "x"}
    found = token_environment(given, TOKEN)
    assert found == {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(TOKEN)}


def test_the_rest_is_the_persons_own() -> None:
    given = {"PATH": "/bin", "RAY_BACKEND_LOG_LEVEL": "debug", "A": ""}
    assert token_environment(given, TOKEN).items() >= given.items()
    assert given == {"PATH": "/bin", "RAY_BACKEND_LOG_LEVEL": "debug", "A": ""}


def test_a_nodes_processes_carry_the_mark_that_stop_looks_for() -> None:
    assert node_environment({"SHIM_CLUSTER": "/another"}, TOKEN, FOLDER)["SHIM_CLUSTER"] == str(FOLDER)
    assert "SHIM_CLUSTER" not in token_environment({"SHIM_CLUSTER": "/another"}, TOKEN)


def test_rays_waits_are_longer_unless_the_person_said_otherwise() -> None:
    found = node_environment({}, TOKEN, FOLDER)
    assert found.items() >= PATIENCE.items()
    for name in PATIENCE:
        assert node_environment({name: "7"}, TOKEN, FOLDER)[name] == "7"
