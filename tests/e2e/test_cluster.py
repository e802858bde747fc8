"""The main job, end to end: a legacy command line becomes a cluster that works for its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.cluster import Cluster

pytestmark = [pytest.mark.ray, pytest.mark.root]


def test_status_is_healthy_on_head_and_worker(cluster: Cluster) -> None:
    assert cluster.head.status()["healthy"]
    assert cluster.worker.status()["healthy"]
