# mypy: ignore-errors
"""Print a call."""

import json
import os


def tell(what, *args, **kwargs):
    kept = {name: value for name, value in os.environ.items() if name.startswith("RAY_")}
    print("RAY " + json.dumps({"what": what, "args": args, "kwargs": kwargs, "env": kept}, default=str), flush=True)
