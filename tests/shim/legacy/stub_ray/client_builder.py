# mypy: ignore-errors
"""`ray.client`."""

from ray.told import tell


def client(address=None):
    tell("client", address)
