# mypy: ignore-errors
"""`ray.init` with the signature that matters."""

import os

from ray.told import tell


def is_initialized():
    return "STUB_RAY_INITIALIZED" in os.environ


def init(address=None, *, num_cpus=None, namespace=None, ignore_reinit_error=False, runtime_env=None, **kwargs):
    """Connect, says Ray."""
    known = {"_redis_password", "_temp_dir", "_memory"}
    if set(kwargs) - known:
        raise RuntimeError(f"Unknown keyword argument(s): {', '.join(kwargs)}")
    given = {"num_cpus": num_cpus, "namespace": namespace, "runtime_env": runtime_env, **kwargs}
    tell("init", address, **{name: value for name, value in given.items() if value is not None})
    return "the context"
