"""What `shim run` brings into a driver's Python: Ray's legacy calls are translated when the script imports Ray.

Runs inside Ray's own Python (3.9 or newer), hence the standard library only; there it is loaded as ``_shim_hook``,
and ``compat`` as ``_shim_compat`` (docs/decisions/names.md), so modules here import each other relatively.
"""
