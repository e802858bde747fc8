# mypy: ignore-errors
"""A stand-in for Ray 2.60: it has what shim replaces, and prints how it was called."""

import os

from ray import _raylet, client_builder, remote_function, util  # noqa: F401
from ray._private import function_manager, services, worker  # noqa: F401
from ray._private.worker import init, is_initialized  # noqa: F401
from ray.client_builder import client  # noqa: F401

__version__ = os.environ.get("STUB_RAY_VERSION", "2.60.0")
