"""Named clusters get ports that nobody else has, and get the same ones again."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from shim.cluster.plan import HeadPlan, plan_head
from shim.cluster.slots import SLOTS
from shim.errors import ShimError
from shim.state import NodeState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hosts.lab import Network
    from tests.shim.cluster.conftest import Ask


@pytest.fixture
def alone(network: Network) -> Iterator[None]:
    """Look from a host where nobody listens."""
    with network.host("head").inside():
        yield


def plan(ask: Ask, name: str, *argv: str, known: NodeState | None = None) -> HeadPlan:
    return plan_head(ask("--head", *argv, name=name), known, set())


def remember(plan: HeadPlan) -> NodeState:
    facts = {"slot": plan.slot} if plan.slot else {}
    return NodeState(plan.folder, plan.name, "head", plan.cluster_id, ports=plan.ports, facts=facts).save()


pytestmark = [pytest.mark.root, pytest.mark.usefixtures("alone")]


def test_the_default_cluster_has_rays_own_ports(ask: Ask) -> None:
    found = plan(ask, "default")
    assert (found.slot, found.metrics) == (0, {})
    assert found.ports == {"gcs": 6379, "store": 6390, "dashboard": 8265, "client": 10001, "agent": 52365}
    assert set(found.arguments) == {"--head", "--port=6379"}


def test_each_named_cluster_gets_ports_of_its_own(ask: Ask) -> None:
    one = plan(ask, "one")
    remember(one)
    two = plan(ask, "two")
    assert (one.slot, two.slot) == (1, 2)
    assert one.ports["gcs"] == 6399
    assert not set(one.ports.values()) & set(two.ports.values())
    assert not set(one.metrics.values()) & set(two.metrics.values())
    assert "--min-worker-port=24000" in one.arguments
    assert "--max-worker-port=24999" in one.arguments
    assert f"--dashboard-agent-listen-port={one.ports['agent']}" in one.arguments


def test_a_slot_is_kept_over_a_restart_and_while_its_cluster_is_stopped(ask: Ask) -> None:
    remember(plan(ask, "one"))
    known = remember(plan(ask, "two"))
    shutil.rmtree(plan(ask, "one").folder)  # purged: its slot is free again
    again = plan(ask, "two", known=known)
    assert (again.slot, again.ports) == (2, dict(known.ports))
    assert plan(ask, "three").slot == 1


def test_a_slot_with_a_port_in_use_is_passed_over(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 8266)):  # the dashboard of slot 1
        assert plan(ask, "one").slot == 2
        assert plan(ask, "one", "--dashboard-port=9999").slot == 1  # it would not use that one


def test_a_port_that_was_asked_for_is_had(ask: Ask) -> None:
    found = plan(ask, "one", "--port=7000")
    assert (found.slot, found.ports["gcs"], found.ports["store"]) == (1, 7000, 7011)


def test_when_all_slots_are_claimed_it_says_how_to_free_one(ask: Ask) -> None:
    for number in SLOTS:
        remember(plan(ask, f"c{number}"))
    with pytest.raises(ShimError, match="All 8 sets of ports") as caught:
        plan(ask, "ninth")
    assert "--purge" in caught.value.fix
