"""The folder that `shim run` puts on PYTHONPATH; nothing but ``sitecustomize`` may live here."""
