"""The Redis-compatible servers that hold Ray's control data: ours (embedded, native) or yours (remote)."""
