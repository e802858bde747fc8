# mypy: ignore-errors
"""How Ray finds its cluster."""


def canonicalize_bootstrap_address(address, temp_dir=None):
    if address == "auto":
        raise ConnectionError("Could not find any running Ray instance.")
    return None if address in (None, "local") else address
