"""Programs that run inside Ray's own Python: standard library and Ray only, nothing of shim, valid for Python 3.9."""
