"""Run ``ray start`` so that the control store's password is in no argv.

Runs inside Ray's own Python (3.9 or newer), hence the standard library only. Ray writes ``--redis-password``
into the command lines of gcs_server, raylet and every worker (ray#46351), where any local user reads it.
Here the password comes on standard input, the commands lose it, and gcs_server, the only one that talks to
the store, takes it from its environment: ``FLAGS_redis_password`` with gflags' ``--fromenv=redis_password``.

Measured on Ray 2.52.1, 2.53.0, 2.54.1, 2.56.1, 2.58.1 and 2.60.0: ``ray._private.services.start_ray_process``
starts every process of a node.

Usage: ``python ray_start.py ARGS-OF-RAY-START...`` with ``{"redis_password": "…"}`` on standard input.
"""

import json
import os
import subprocess
import sys
from typing import Any

SPELLINGS = ("--redis_password=", "--redis-password=", "--ray_redis_password=", "-Dray.redis.password=")


def without(command: list[str], password: str) -> list[str]:
    """Return the command without the password, also where a whole command line is one argument."""
    forms = [spelling + password for spelling in SPELLINGS]
    kept = [part for part in command if part not in forms]
    for form in sorted({*forms, *(subprocess.list2cmdline([form]) for form in forms)}, key=len, reverse=True):
        kept = [part.replace(form, "") for part in kept]
    return kept


def guard(services: Any, password: str) -> None:
    """Wrap Ray's one starter of processes. Say so where this Ray has none."""
    start = getattr(services, "start_ray_process", None)
    if start is None:
        sys.stderr.write("shim: this Ray shows the store's password in the argv of its processes.\n")
        return

    def start_without_password(command: list[str], process_type: str, *args: Any, **kwargs: Any) -> Any:
        command = without(command, password)
        env = dict(kwargs.pop("env_updates", None) or {})
        env.pop("RAY_REDIS_PASSWORD", None)
        if process_type == "gcs_server":
            command.append("--fromenv=redis_password")
            env["FLAGS_redis_password"] = password
        if any(password in part for part in command):
            raise SystemExit("shim: refusing to start " + process_type + " with a password in its argv.")
        return start(command, process_type, *args, env_updates=env, **kwargs)

    services.start_ray_process = start_without_password


def main() -> None:
    """Read the password, guard Ray, run ``ray start``."""
    sys.path.pop(0)  # this folder is not for importing
    sys.argv = ["ray", "start", *sys.argv[1:]]
    from ray._private import services  # takes a second, in which the store is started
    from ray.scripts.scripts import main as ray

    handed_over = sys.stdin.read()
    if not handed_over:
        raise SystemExit("shim ended before it had said everything: Ray is not started.")
    password = json.loads(handed_over).get("redis_password")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if password:
        guard(services, password)
        sys.argv.append("--redis-password=" + password)
    ray()


if __name__ == "__main__":
    main()
