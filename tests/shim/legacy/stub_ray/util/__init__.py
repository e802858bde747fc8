# mypy: ignore-errors
"""`ray.util.connect`."""

from ray.told import tell


def connect(conn_str, secure=False, **kwargs):
    tell("connect", conn_str, **kwargs)
