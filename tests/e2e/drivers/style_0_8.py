# mypy: ignore-errors
# ruff: noqa: B905, UP004
"""A driver as people wrote them for Ray 0.8: argparse, redis_address, redis_password, an actor, ray.wait."""

import argparse
import time

import ray

parser = argparse.ArgumentParser()
parser.add_argument("--redis-address", type=str, default=None)
parser.add_argument("--redis-password", type=str, default=None)
parser.add_argument("--num-workers", default=3, type=int)


@ray.remote
class ParameterServer(object):
    def __init__(self, keys, values):
        self.weights = dict(zip(keys, values))

    def push(self, keys, values):
        for key, value in zip(keys, values):
            self.weights[key] += value

    def pull(self, keys):
        return [self.weights[key] for key in keys]


@ray.remote
def worker_task(ps, worker_index, batches):
    for _ in range(batches):
        ray.get(ps.push.remote(["w"], [worker_index]))
        time.sleep(0.01)
    return worker_index


if __name__ == "__main__":
    args = parser.parse_args()
    ray.init(
        redis_address=args.redis_address,
        redis_password=args.redis_password,
        redirect_output=True,
        num_redis_shards=None,
        redis_max_memory=10**8,
    )
    ps = ParameterServer.options(num_cpus=0).remote(["w"], [0])
    tasks = [worker_task.options(num_cpus=0.1).remote(ps, i, 2) for i in range(args.num_workers)]
    ready, waiting = ray.wait(tasks, num_returns=len(tasks), timeout=120)
    assert not waiting
    print("weights", ray.get(ps.pull.remote(["w"])))
