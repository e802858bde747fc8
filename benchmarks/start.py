"""What shim adds to ``ray start``: for a head against the same store by hand, for a worker against a token by hand.

On hosts of their own (network namespaces: needs root), with a real Ray and the embedded store.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, aside, difference, interleave, ratio
from tests.e2e.cluster import SMALL, Node, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE = "Starting nodes"
TIMES = int(os.environ.get("SHIM_BENCH_STARTS", "5"))
HEAD_LIMIT, JOIN_LIMIT = 1.05, 1.2
PATIENCE = {"RAY_raylet_start_wait_time_s": "150"}

BY_HAND = """\
set -e
cd "$HOME"
rm -rf store
mkdir -p store
cat > store/server.conf <<CONF
bind 127.0.0.1
port 6390
dir $HOME/store
appendonly yes
appendfsync everysec
daemonize yes
pidfile $HOME/store/pid
requirepass by-hand-0123456789
CONF
"$SERVER" store/server.conf > /dev/null
until "$PYTHON" -c 'import socket; socket.create_connection(("127.0.0.1", 6390))' 2> /dev/null; do :; done
exec "$RAY" start --head --port=6379 --redis-password=by-hand-0123456789 $SMALL > /dev/null 2>&1
"""


def run() -> list[Row]:
    """Measure heads, then workers of one head."""
    with Network() as network:
        program = Path(sys.executable).with_name("shim")
        return [*_heads(new_node(network, "head", program)), *_workers(network, program)]


def _heads(host: Node) -> list[Row]:
    password, apart = new_password(), {"key derivation": list[float](), "self-check": list[float]()}

    def with_shim() -> float:
        began = time.perf_counter()
        done = host.start_head("--store=embedded", "--json", password=password)
        seconds = time.perf_counter() - began
        steps = json.loads(done.stdout)["seconds"]
        for step, values in apart.items():
            values.append(steps[step])
        host.stop("--purge", "--yes")
        return float(seconds - sum(steps[step] for step in apart))

    def by_hand() -> float:
        environment = {
            **PATIENCE,
            "RAY_AUTH_MODE": "token",
            "RAY_REDIS_ADDRESS": "127.0.0.1:6390",
            "SERVER": str(_embedded()),
            "PYTHON": sys.executable,
            "RAY": str(host.program.with_name("ray")),
            "SMALL": " ".join(SMALL),
        }
        began = time.perf_counter()
        host.run("sh", "-c", BY_HAND, env=environment)
        seconds = time.perf_counter() - began
        _end(host)
        return seconds

    host.shim("token", "generate")
    found = interleave({"shim": with_shim, "by hand": by_hand}, TIMES)
    middle = {step: sorted(values)[len(values) // 2] for step, values in apart.items()}
    return [
        ratio("`shim start --head`", found["shim"], "store and `ray start` by hand", found["by hand"], HEAD_LIMIT),
        aside(
            "its key derivation", middle["key derivation"], "once, scrypt N = 2¹⁷; what planning does not hide of it"
        ),
        aside("its self-check", middle["self-check"], "with one task on the cluster"),
    ]


def _workers(network: Network, program: Path) -> list[Row]:
    head, worker, password = new_node(network, "main", program), new_node(network, "worker", program), new_password()
    head.start_head(password=password)
    token = head.token_file.read_text()

    def joining() -> None:
        worker.start_worker(head, password=password)

    def by_hand() -> None:
        worker.token_file.parent.mkdir(mode=0o700, exist_ok=True)
        worker.token_file.write_text(token)
        worker.ray("start", f"--address={head.gcs}", *SMALL, env={"RAY_AUTH_MODE": "token", **PATIENCE})

    def cleared(start: Callable[[], None]) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            start()
            seconds = time.perf_counter() - began
            _end(worker)
            worker.token_file.unlink()
            return seconds

        return run

    found = interleave({"join": cleared(joining), "by hand": cleared(by_hand)}, TIMES)
    return [difference("a worker that joins", found["join"], "`ray start` with a token", found["by hand"], JOIN_LIMIT)]


def _end(host: Node) -> None:
    """End everything on the host: shim's own, and what was started by hand."""
    host.stop("--purge", "--yes")
    from shim.process import Process, end, look

    def living() -> list[Process]:
        return [process for pid in host.host.pids() if (process := look(pid)) is not None]

    keep = {process.pid for process in living() if process.session == process.pid and not _is_ours(process.pid)}
    end(lambda: [process for process in living() if process.pid not in keep], grace=1)


def _is_ours(pid: int) -> bool:
    line = Path(f"/proc/{pid}/cmdline").read_bytes()
    return any(word in line for word in (b"ray", b"valkey", b"redis"))


def _embedded() -> Path:
    from shim.store.binary import find

    return find("embedded").path
