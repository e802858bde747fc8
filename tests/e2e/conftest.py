"""One cluster for every test that does it no harm, started by the legacy lines; hosts with shim for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import SMALL, Cluster, new_node, new_password
from tests.e2e.local_user import Watch
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.cluster import Node


@pytest.fixture(scope="session")
def cluster(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Cluster]:
    """Start head and worker as the person does, fetch the token on the driver's host (about 30 s, once).

    Shared: a test may run tasks, actors and jobs, and must leave nodes, join and tokens as they are.
    """
    with Network() as network:
        head, worker, driver, outsider = (
            new_node(network, name, shim_bin) for name in ("head", "worker", "driver", "outsider")
        )
        password = new_password()
        with Watch(head) as on_head, Watch(worker) as on_worker:
            head.start_head("--dashboard-host=0.0.0.0", password=password)
            # Named as a person would, not by number.
            worker.shim("start", "--address=head:6379", f"--redis-password={password}", *SMALL)
        driver.shim("token", "fetch", "--address=head:6379", "--redis-password=-", stdin=password + "\n")
        yield Cluster(network, password, head, worker, driver, outsider, (*on_head.seen, *on_worker.seen))


@pytest.fixture
def new_host(network: Network, ray_bin: Path, shim_bin: Path) -> Callable[[str], Node]:
    """Put hosts with shim on a network of this test's own: ``new_host("head")``."""
    return lambda name: new_node(network, name, shim_bin)
