"""The token, in place before Ray looks for it: the one that is here, one joined for, or a fresh one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import patch, run

TIMEOUT = 120
"""Seconds for a join: one key derivation, and the ten seconds that shim waits for a head to come up."""

GCS_PORT = 6379
"""Where the GCS of a head is whose Ray Client address alone is known."""

_NAMED = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_ENABLE_K8S_TOKEN_AUTH")
"""Variables that tell Ray of a token somewhere else than in the default file."""


class JoinError(ConnectionError):
    """No token for the cluster that was named, and why."""


class Refusal:
    """While it lasts, a cluster that refuses this machine's token is explained: Ray says it in forty lines."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        causes = f"{error} {getattr(error, '__cause__', '')}"
        if error is not None and "InvalidAuthToken" in causes:
            where = os.environ.get("RAY_AUTH_TOKEN_PATH", "RAY_AUTH_TOKEN")
            run.say(f"the cluster refuses the token that is here ({where}); another cluster's? See: shim token path")


def version(ray: Any) -> Any:
    """Return Ray's version as ``compat`` has it."""
    from _shim_compat.version import Version  # type: ignore[import-not-found]

    return Version.parse(ray.__version__)


def prepare(address: Any, given: list[tuple[str, str]]) -> None:
    """See to it that Ray finds token mode and a token.

    Args:
        address: As given to the call; None for none.
        given: Each argument that gave a legacy password, and the password.

    Raises:
        JoinError: There is no token, and none to be had.
        ValueError: The script and the person give different passwords.
    """
    ray = sys.modules["ray"]
    place, password = _agree(given)
    if isinstance(address, str) and address.startswith("ray://"):
        patch.client_too()
    if ray.is_initialized():
        return
    _refuse_old(ray)
    _tell_of_open_port(ray, address)
    if not _has_token():
        _obtain(address, place, password)
    _say_token_mode()


def _agree(given: list[tuple[str, str]]) -> tuple[str, str]:
    ours = [(run.current.place, run.current.password)] if run.current.password else []
    places = [*given, *ours]
    if len({password for _, password in places}) > 1:
        raise ValueError(f"{places[0][0]} and {places[-1][0]} give different Redis passwords. Keep one of them.")
    return places[0] if places else ("", "")


def _refuse_old(ray: Any) -> None:
    if hasattr(sys.modules["ray._raylet"], "AuthenticationTokenLoader"):
        return  # since 2.52.0; the table (0.05 s) is read for legacy calls only
    from _shim_compat import releases  # type: ignore[import-not-found]

    raise JoinError(
        f"Ray {version(ray)} has no token authentication; Ray {releases.FIRST_WHOLE} is the first that is whole. "
        f"Try: {sys.executable} -m pip install 'ray[default]>={releases.FIRST_WHOLE}'"
    )


def _tell_of_open_port(ray: Any, address: Any) -> None:
    """Say that a Ray of one's own has a port without a token check (2.52 and 2.53: the dashboard agent's)."""
    if not ray.__version__.startswith(("2.52.", "2.53.")) or os.environ.get("RAY_ADDRESS"):
        return
    if address in (None, "local"):
        run.say(
            f"Ray {ray.__version__} checks no token on port 52365 of a Ray that it starts: whoever reaches it may run "
            "code. Ray 2.54 does: pip install 'ray[default]>=2.54'"
        )


def _has_token() -> bool:
    """Say whether Ray finds a token: a variable, the file that one names, or the default file."""
    if any(os.environ.get(name) for name in _NAMED):
        return True
    try:
        return _default_path().stat().st_size > 0
    except OSError:
        return False


def _default_path() -> Path:
    return Path.home() / ".ray" / "auth_token"


def _obtain(address: Any, place: str, password: str) -> None:
    """Join with the legacy password, or make a token for a local cluster."""
    try:
        head = _find_head(address)
    except Exception:  # noqa: BLE001 - whatever is wrong with the address, Ray will say it better
        return
    if head is None:
        run.say(_call_shim("token", "generate").splitlines()[0])
    elif password:
        said = _call_shim("token", "fetch", f"--address={head}", "--redis-password=-", stdin=password + "\n")
        run.say(f"{said.splitlines()[0].rstrip('.')} (joined with the password of {place})")
    else:
        raise JoinError(
            f"There is no token on this machine for the cluster at {head}, and no Redis password to ask for one. "
            f"Try: shim token fetch --address={head}"
        )


def _find_head(address: Any) -> str | None:
    """Return the GCS address of the cluster that Ray will go to; None if it will start one."""
    if address in (None, "auto"):
        address = os.environ.get("RAY_ADDRESS") or address
    if isinstance(address, str) and "://" in address:
        scheme, _, rest = address.partition("://")
        if scheme != "ray":
            raise ValueError(address)
        host, _, port = rest.partition("/")[0].rpartition(":")
        return f"{host if port.isdigit() else rest}:{GCS_PORT}"
    services = sys.modules["ray._private.services"]
    found: str | None = services.canonicalize_bootstrap_address(address)
    return found


def _call_shim(*words: str, stdin: str = "") -> str:
    """Run shim in its own Python and return what it printed.

    Raises:
        JoinError: With shim's own words.
    """
    if not run.current.shim:
        raise JoinError("There is no token here, and no shim to ask for one.")  # a worker
    skipped = ("PYTHON", "RAY_AUTH", "RAY_REDIS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(skipped)}
    kept.pop(run.VARIABLE, None)
    for name in run.current.hidden:
        kept.pop(name, None)
    try:
        done = subprocess.run(
            [*run.current.shim, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=kept,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JoinError(f"shim could not be asked for a token: {type(error).__name__}.") from None
    if done.returncode:
        words_to_say = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
        raise JoinError(words_to_say.replace("Error: ", "", 1))
    return done.stdout


def _say_token_mode() -> None:
    """Say the mode aloud, as Ray reads it: from the environment, or from what it has read before."""
    raylet = sys.modules["ray._raylet"]
    named = any(os.environ.get(name) for name in _NAMED)
    if not named and _has_token():
        os.environ["RAY_AUTH_TOKEN_PATH"] = str(_default_path())
    elif os.environ.get("RAY_AUTH_MODE") == "token":
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()
