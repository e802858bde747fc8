"""Each release is installed once and started as seldom as possible; every test looks at the same heads."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from compat.releases import Release, release
from tests import real
from tests.e2e.cluster import new_password
from tests.hosts.lab import Network
from tests.releases.catalogue import SUBJECTS, Subject
from tests.releases.install import Installed, NotInstalled, install
from tests.releases.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compat.version import Version


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask about tokens only where the table has them (elsewhere `legacy_head` proves that they do nothing)."""
    asked = [item for item in items if not isinstance(item, pytest.Function) or _concerns(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in asked])
    items[:] = asked


def _concerns(item: pytest.Function) -> bool:
    """Tell whether the release has what the test's fixtures start."""
    if not hasattr(item, "callspec") or "installed" not in item.callspec.params:
        return True
    subject = item.callspec.params["installed"]
    assert isinstance(subject, Subject)
    needed, check = set(item.fixturenames), item.callspec.params.get("check")
    if callable(check):  # a fact turned round
        needed |= set(inspect.signature(check).parameters)
        if subject not in (SUBJECTS[0], SUBJECTS[-1]):
            return False
    if needed & {"token_head", "finding_head"} and not release(subject.ray).token_auth:
        return False
    return "tutorial_head" not in needed or subject is SUBJECTS[-1]


@pytest.fixture(scope="session", params=SUBJECTS, ids=str)
def installed(request: pytest.FixtureRequest, hosts_possible: None) -> Installed:
    """Install the release; where it cannot be had, say why."""
    try:
        return install(request.param)
    except NotInstalled as error:
        real.need(False, *error.args)
        raise


@pytest.fixture(scope="session")
def ray(installed: Installed) -> Version:
    """Name the release."""
    return installed.subject.ray


@pytest.fixture(scope="session")
def said(ray: Version) -> Release:
    """Say what the table says of the release."""
    return release(ray)


@pytest.fixture(scope="session")
def new_machine(installed: Installed) -> Iterator[Callable[[str], Machine]]:
    """Make hosts for the release, on a network of their own."""
    with Network() as network:
        yield lambda name: Machine(network.host(name), installed).prepare()


@pytest.fixture(scope="session")
def password() -> str:
    """Make a legacy password as people did."""
    return new_password()


@pytest.fixture(scope="session")
def legacy_head(new_machine: Callable[[str], Machine], said: Release, password: str) -> Machine:
    """Start a head with the legacy password, and with what must do nothing in this release.

    That is: token mode where there is none; a token's file where only an explicit mode uses it.
    """
    machine, env = new_machine("legacy"), {}
    if not said.token_auth:
        env = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": password}
    elif not said.auto_enable:
        write_token(machine)
    machine.start_head(f"--redis-password={password}", env=env)
    return machine


@pytest.fixture(scope="session")
def token_head(new_machine: Callable[[str], Machine]) -> Machine:
    """Start a head in token mode."""
    machine = new_machine("token")
    write_token(machine)
    machine.start_head(env={"RAY_AUTH_MODE": "token"})
    return machine


@pytest.fixture(scope="session")
def finding_head(new_machine: Callable[[str], Machine], legacy_head: Machine, said: Release) -> Machine:
    """Start a head that finds a token and is told no mode; where that means nothing, `legacy_head` is one."""
    if not said.auto_enable:
        return legacy_head
    machine = new_machine("finding")
    write_token(machine)
    machine.start_head()
    return machine


@pytest.fixture(scope="session")
def tutorial_head(new_machine: Callable[[str], Machine], password: str) -> Machine:
    """Start a head with the variables that tutorials name."""
    machine = new_machine("tutorial")
    write_token(machine)
    machine.start_head(env={"RAY_AUTH_MODE": "k8s", "RAY_auth_mode": "token", "RAY_TOKEN": password})
    return machine


def write_token(machine: Machine) -> None:
    """Put a token where the release finds it."""
    machine.token_file.parent.mkdir(mode=0o700)
    machine.token_file.write_text(new_password())
    machine.token_file.chmod(0o600)
