# mypy: ignore-errors
"""A driver as people wrote them for Ray 2.0: Tune on top, and a module that calls ray.init when it is imported."""

import sys

import ray
from ray import tune

ray.init(address="auto", _redis_password=sys.argv[1], ignore_reinit_error=True, log_to_driver=False)


def objective(config):
    # Trainables of that time often made sure of it themselves, in the worker.
    ray.init(address="auto", _redis_password="from-the-worker", ignore_reinit_error=True)
    return {"score": (config["x"] - 2) ** 2}


tuner = tune.Tuner(
    tune.with_resources(objective, {"cpu": 0.1}),
    param_space={"x": tune.grid_search([0, 1, 2, 3])},
    tune_config=tune.TuneConfig(metric="score", mode="min", max_concurrent_trials=1),
)
results = tuner.fit()
print("best", results.get_best_result().config)
