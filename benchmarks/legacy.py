"""What `shim ray` and `shim run` add to the plain commands, on a real token cluster (needs root: namespaces)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, difference, interleave
from tests.e2e.cluster import Node, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE = "Old commands and drivers"
TIMES = 9
LIMIT = 0.3

OLD = (
    "import ray; ray.init(address='auto', _redis_password='whatever'); print(ray.get(ray.remote(lambda: 7).remote()))\n"
)
NEW = "import ray; ray.init(address='auto'); print(ray.get(ray.remote(lambda: 7).remote()))\n"


def run() -> list[Row]:
    """Measure."""
    with Network() as network:
        head = new_node(network, "head", Path(sys.executable).with_name("shim"))
        head.start_head(password=new_password())
        for name, text in (("old.py", OLD), ("new.py", NEW)):
            (head.host.home / name).write_text(text)
        address = {"RAY_ADDRESS": head.gcs, "RAY_AUTH_MODE": "token"}
        found = interleave(
            {
                "ray status": _ray(head, address),
                "shim ray status": _shim(head, address, "ray", "status", "--redis_password=whatever"),
                "python new.py": lambda: _ignore(
                    head.run(sys.executable, head.host.home / "new.py", env={"RAY_AUTH_MODE": "token"})
                ),
                "shim run old.py": _shim(head, {}, "run", str(head.host.home / "old.py")),
            },
            TIMES,
        )
        head.stop("--purge", "--yes")
    return [
        difference("`shim ray status`", found["shim ray status"], "`ray status`", found["ray status"], LIMIT),
        difference("`shim run old.py`", found["shim run old.py"], "`python new.py`", found["python new.py"], LIMIT),
    ]


def _ignore(_done: object) -> None:
    return None


def _ray(head: Node, env: dict[str, str]) -> Callable[[], None]:
    return lambda: _ignore(head.ray("status", env=env))


def _shim(head: Node, env: dict[str, str], *words: str) -> Callable[[], None]:
    return lambda: _ignore(head.shim(*words, env=env))
