# mypy: ignore-errors
# ruff: noqa: UP031
"""A driver as people wrote them for Ray 1.9: everything from the environment, and Ray Client in three spellings."""

import os

import ray
import ray.util

REDIS_PASSWORD = os.environ["RAY_REDIS_PASSWORD"]
HEAD = os.environ["RAY_HEAD_SERVICE_HOST"]


@ray.remote(num_cpus=0.1)
def hello(x):
    return "hello " + x


class Counter:
    def __init__(self):
        self.n = 0

    def inc(self):
        self.n += 1
        return self.n


ray.util.connect("%s:10001" % HEAD, namespace="style")
print(ray.get(hello.remote("connect")))
counter = ray.remote(num_cpus=0)(Counter).remote()
print("counted", [ray.get(counter.inc.remote()) for _ in range(3)])
ray.util.disconnect()

with ray.client("%s:10001" % HEAD).namespace("style").connect():
    print(ray.get(ray.remote(num_cpus=0.1)(lambda: "hello client").remote()))

ray.init("ray://%s:10001" % HEAD, _redis_password=REDIS_PASSWORD, namespace="style")
print(ray.get(ray.remote(num_cpus=0.1)(lambda: "hello init").remote()))
ray.shutdown()
