# mypy: ignore-errors
"""A driver as people wrote them for Ray 1.0: a configuration in a dict, and a multiprocessing Pool on top."""

import json
import multiprocessing
import sys

import ray
from ray.util.multiprocessing import Pool

CONFIG = {
    "ray": {
        "address": "auto",
        "_redis_password": "5241590000000000",
        "_redis_max_memory": 100000000,
        "ignore_reinit_error": True,
        "_lru_evict": False,
    }
}


def square(x):
    return x * x


def in_spawned(connection):
    connection.send((__name__, square(4)))


if __name__ == "__main__":
    config = dict(CONFIG["ray"], **json.loads(sys.argv[1]))
    ray.init(**config)
    pool = Pool(processes=2, ray_remote_args={"num_cpus": 0.1})
    print("squares", pool.map(square, range(5)))
    pool.terminate()

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=in_spawned, args=(theirs,))
    process.start()
    print("spawned", ours.recv())
    process.join()
