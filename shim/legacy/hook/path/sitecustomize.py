"""Python runs this at its start because `shim run` put this folder on PYTHONPATH.

It lets the hook in, takes its folder off ``sys.path``, and then runs the ``sitecustomize`` that Python would have
run without it.
"""

import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs every Python 5 ms


def let_in() -> None:
    """Load the hook under its private name, and begin."""
    folder = os.path.dirname(HERE)  # noqa: PTH120
    path = os.path.join(folder, "private.py")  # noqa: PTH118
    loader = SourceFileLoader("_shim_private", path)
    private = type(sys)("_shim_private")
    private.__spec__ = ModuleSpec("_shim_private", loader, origin=path)
    private.__file__ = path
    loader.exec_module(private)
    sys.modules["_shim_private"] = private
    private.add(private.folders(folder))
    import_module("_shim_hook.run").begin()


def go_on() -> None:
    """Run the person's own ``sitecustomize``, if there is one, as if this one were not here."""
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        theirs = type(sys)("sitecustomize")
        theirs.__spec__, theirs.__file__, theirs.__loader__ = spec, spec.origin, spec.loader
        sys.modules["sitecustomize"] = theirs
        spec.loader.exec_module(theirs)


sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != HERE]  # noqa: PTH100
if "SHIM_RUN" in os.environ:
    let_in()
go_on()
