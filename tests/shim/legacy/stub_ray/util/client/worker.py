# mypy: ignore-errors
"""How Ray Client pickles a function."""

import pickle


class Worker:
    def _dumps_from_client(self, val):
        return pickle.dumps(val)
