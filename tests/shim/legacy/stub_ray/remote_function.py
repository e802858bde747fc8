# mypy: ignore-errors
"""How Ray pickles a function."""

import pickle


def pickle_dumps(obj, error_msg):
    return pickle.dumps(obj)
