# mypy: ignore-errors
"""How Ray pickles an actor's class."""

from ray.remote_function import pickle_dumps  # noqa: F401
