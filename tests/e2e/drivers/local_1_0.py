# mypy: ignore-errors
"""A driver that starts its own Ray, with all that one could say about its Redis."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import ray

info = ray.init(
    num_cpus=1,
    redis_password="my-local-password",
    redis_port=6380,
    num_redis_shards=2,
    redis_max_memory=10**8,
    include_webui=False,
    object_store_memory=100 * 1024 * 1024,
    temp_dir=None,
)


@ray.remote
def f():
    import ray

    ray.init(redis_password="my-local-password", ignore_reinit_error=True)
    return os.environ.get("RAY_AUTH_MODE"), "my-local-password" in str(dict(os.environ))


print("worker", ray.get(f.remote()))
token = Path.home() / ".ray" / "auth_token"
print("token", oct(stat.S_IMODE(token.stat().st_mode)), oct(stat.S_IMODE(token.parent.stat().st_mode)))
child = "import os; print('child', os.environ['RAY_AUTH_MODE'], 'RAY_AUTH_TOKEN' in os.environ)"
subprocess.run([sys.executable, "-c", child], check=True)
ray.shutdown()
