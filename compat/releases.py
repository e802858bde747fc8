"""What each Ray release offers for authentication.

Sources: the Python sources of 79 wheels, 0.5.0 to 2.60.0, and runs of 1.4.1 to 2.60.0 (``tests/releases``).
"""

from __future__ import annotations

from dataclasses import dataclass

from .version import Version

FIRST_GUARD = Version(0, 6, 0)  # --redis-password and redis_password= appear
UNGUARDED = Version(1, 11, 0)  # Redis is no longer started (PR #21232); the password checks nothing
FIRST_TOKEN = Version(2, 52, 0)  # RAY_AUTH_MODE=token
FIRST_WHOLE = Version(2, 54, 0)  # the dashboard agent's port 52365 is covered too


@dataclass(frozen=True)
class Release:
    """What one Ray release does about passwords and tokens.

    Attributes:
        version: The release that was asked for.
        redis_started: ``ray start --head`` starts a Redis of its own.
        password_guards: The legacy password guards that Redis.
        external_redis: ``RAY_REDIS_ADDRESS`` is read.
        redis_username: ``--redis-username`` and ``_redis_username`` exist.
        token_auth: ``RAY_AUTH_MODE=token`` exists.
        agent_port_covered: The token guards the dashboard agent's HTTP port (52365).
        get_auth_token_needs_mode: ``ray get-auth-token`` fails unless ``RAY_AUTH_MODE=token``.
        k8s_tokens: Kubernetes tokens can be checked in place of a shared one.
        auto_enable: ``ray.init()`` turns token mode on; ``ray start --head`` does if a token file exists.
    """

    version: Version
    redis_started: bool
    password_guards: bool
    external_redis: bool
    redis_username: bool
    token_auth: bool
    agent_port_covered: bool
    get_auth_token_needs_mode: bool
    k8s_tokens: bool
    auto_enable: bool


def release(version: Version) -> Release:
    """Return what a Ray release offers; a release candidate is taken for the release it announces."""
    ray = version.release
    return Release(
        version=version,
        redis_started=ray < UNGUARDED,
        password_guards=FIRST_GUARD <= ray < UNGUARDED,
        external_redis=ray >= UNGUARDED,
        redis_username=ray >= Version(2, 41, 0),
        token_auth=ray >= FIRST_TOKEN,
        agent_port_covered=ray >= FIRST_WHOLE,
        get_auth_token_needs_mode=FIRST_TOKEN <= ray < Version(2, 53, 0),  # PR #58848
        k8s_tokens=ray >= FIRST_TOKEN,  # until 2.53 as RAY_AUTH_MODE=k8s
        auto_enable=ray >= Version(2, 59, 0),  # PR #64755
    )
