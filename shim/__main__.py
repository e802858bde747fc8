"""``python -m shim``."""

from ray_redis_shim import main

main()
