"""From Ray's old Redis passwords to Ray's token authentication.

In code that was written for an older Ray, ``shim.init`` takes the place of ``ray.init``, or ``shim.install()`` makes
``ray.init`` itself understand it. For code that is not to be touched there is ``shim run`` (docs/run.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "init", "install", "uninstall"]


def init(address: str | None = None, **kwargs: Any) -> Any:
    """Call ``ray.init`` with arguments of any Ray since 0.5, on a cluster that asks for a token.

    What each argument became is said once on standard error. The token is the one that this machine has; without
    one, the legacy password that the call gives fetches the cluster's (as ``shim token fetch`` does), and a local
    cluster gets a fresh one in ``~/.ray/auth_token``, mode 0600.

    Args:
        address: ``host:6379``, ``auto``, ``local`` or ``ray://host:10001``; None as in ``ray.init``.
        **kwargs: Every argument that ``ray.init`` takes or ever took (``redis_password``, ``redis_address``, ...).

    Returns:
        What ``ray.init`` returns.

    Raises:
        ValueError: A misspelt argument, one of a wrong type, or two that disagree; names the argument.
        ConnectionError: There is no token for that cluster, and none to be had; says why.
    """
    return _legacy().init(address, **kwargs)


def install() -> None:
    """Let ``ray.init``, ``ray.client`` and ``ray.util.connect`` take legacy arguments in this process.

    Whether Ray is imported already or not. Functions and actors bring it to their workers. Twice is fine.
    """
    _legacy().install()


def uninstall() -> None:
    """Undo `install`, exactly: Ray's own functions are back. Twice is fine, and so is without `install`."""
    _legacy().uninstall()


def _legacy() -> Any:
    return import_module(f"{__name__}.legacy.init")
