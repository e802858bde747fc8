"""Legacy arguments of ``ray.init`` and of Ray Client."""

from __future__ import annotations

from .option import EXTERNAL_REDIS, MODERN, Effect, Era, LegacyOption, Where, eras
from .version import Version

_WORKER = "ray/worker.py, ray/_private/worker.py of the wheels"
_ADDRESS = "ray.init(address=…)"
_NO_SUCCESSOR = "Leave it out."


def _gone_with_1_0(name: str) -> tuple[tuple[str, Effect, str], ...]:
    return (
        ("1.0.0", Effect.REFUSED, f"TypeError: init() got an unexpected keyword argument '{name}'"),
        ("1.5.0", Effect.REFUSED, f"RuntimeError: Unknown keyword argument(s): {name}"),
    )


def _argument(
    name: str,
    since: str,
    until: str | None,
    story: tuple[Era, ...],
    *,
    modern: str,
    default: str = "None",
    sources: tuple[str, ...] = (),
) -> LegacyOption:
    return LegacyOption(
        id=f"init-{name.strip('_').replace('_', '-')}{'-hidden' if name.startswith('_') else ''}",
        spelling=f"ray.init({name}=)",
        names=(name,),
        where=Where.PYTHON,
        command="ray.init",
        since=Version.parse(since),
        until=Version.parse(until) if until else None,
        default=default,
        eras=story,
        modern=modern,
        sources=(_WORKER, *sources),
    )


OPTIONS = (
    _argument(
        "redis_protected_mode",
        "0.5.2",
        "0.5.3",
        eras(
            (
                "0.5.2",
                Effect.MISLEADING,
                "Named after Redis's protected mode, but Redis stayed open (ray#2925).",
            ),
            (
                "0.6.0",
                Effect.REFUSED,
                "TypeError: init() got an unexpected keyword argument 'redis_protected_mode'",
            ),
            ("1.5.0", Effect.REFUSED, "RuntimeError: Unknown keyword argument(s): redis_protected_mode"),
        ),
        modern=MODERN,
        default="True",
        sources=("ray#2925",),
    ),
    _argument(
        "redis_password",
        "0.6.0",
        "0.8.7",
        eras(
            (
                "0.6.0",
                Effect.PROTECTED,
                (
                    "Became the requirepass of the Redis that Ray started, and the AUTH of every "
                    "client. GCS, raylets and dashboard stayed open beside it."
                ),
            ),
            (
                "0.8.1",
                Effect.PROTECTED,
                (
                    "The same, but a password that everybody knows was the default: it stops port "
                    "scanners and nobody else."
                ),
            ),
            *_gone_with_1_0("redis_password"),
            (
                "2.0.0",
                Effect.REFUSED,
                (
                    "RuntimeError: Unknown keyword argument(s): redis_password; to a ray:// address, "
                    "RuntimeError: Got unexpected kwargs: redis_password"
                ),
            ),
        ),
        modern=MODERN,
        default="None; 5241590000000000 from 0.8.1",
        sources=("ray#6360", "ray#6480", "modin#1107", "runs of 2.51.1, 2.52.0, 2.60.0"),
    ),
    _argument(
        "_redis_password",
        "1.0.0",
        None,
        eras(
            (
                "1.0.0",
                Effect.PROTECTED,
                "Guarded the Redis that Ray started; a wrong one never connects (1.10.0).",
            ),
            (
                "1.11.0",
                Effect.IGNORED,
                (
                    "Ray starts no Redis. A wrong password connects and runs code, and nothing warns;"
                    " only a head with an external Redis uses it."
                ),
            ),
            (
                "2.0.0",
                Effect.IGNORED,
                ("The same, taken from **kwargs; to a ray:// address it is dropped before anything looks at it."),
            ),
        ),
        modern=f"{MODERN}. {EXTERNAL_REDIS}",
        default="5241590000000000; empty from 2.3.0",
        sources=("ray#48226", "PR ray#21232", "runs of 1.10.0, 1.11.0, 2.51.1, 2.52.0, 2.60.0"),
    ),
    _argument(
        "_redis_username",
        "2.41.0",
        None,
        eras(("2.41.0", Effect.LIVE, "The ACL user at an external Redis. Without one it does nothing.")),
        modern=EXTERNAL_REDIS,
        default="empty",
    ),
    _argument(
        "redis_address",
        "0.5.0",
        "0.8.7",
        eras(
            ("0.5.0", Effect.LIVE, "The address of the cluster's Redis, and so of the cluster."),
            (
                "0.8.1",
                Effect.REFUSED,
                ("DeprecationWarning, raised: The redis_address argument is deprecated. Please use address instead."),
            ),
            *_gone_with_1_0("redis_address"),
        ),
        modern=_ADDRESS,
    ),
    _argument(
        "address",
        "0.7.4",
        None,
        eras(
            ("0.7.4", Effect.LIVE, "The address of the cluster's Redis."),
            ("1.11.0", Effect.LIVE, "The address of the GCS: the same port number, another protocol."),
        ),
        modern="Unchanged; the process needs RAY_AUTH_MODE=token and the token.",
    ),
    _argument(
        "redis_port",
        "0.8.2",
        "0.8.7",
        eras(
            ("0.8.2", Effect.LIVE, "The port of the Redis that ray.init() starts."),
            *_gone_with_1_0("redis_port"),
        ),
        modern="Leave it out: ray.init() chooses the port of its GCS.",
    ),
    _argument(
        "num_redis_shards",
        "0.5.0",
        "0.8.7",
        eras(
            ("0.5.0", Effect.LIVE, "How many Redis servers besides the first one ray.init() starts."),
            *_gone_with_1_0("num_redis_shards"),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _argument(
        "redis_max_clients",
        "0.5.0",
        "0.8.7",
        eras(
            ("0.5.0", Effect.LIVE, "The maxclients of that Redis."),
            *_gone_with_1_0("redis_max_clients"),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _argument(
        "redis_max_memory",
        "0.6.1",
        "0.8.7",
        eras(
            ("0.6.1", Effect.LIVE, "The memory limit of that Redis, in bytes."),
            *_gone_with_1_0("redis_max_memory"),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _argument(
        "_redis_max_memory",
        "1.0.0",
        "2.43.0",
        eras(
            ("1.0.0", Effect.LIVE, "The memory limit of the Redis that Ray starts, in bytes."),
            ("1.11.0", Effect.IGNORED, "Ray starts no Redis."),
            ("2.44.0", Effect.REFUSED, "RuntimeError: Unknown keyword argument(s): _redis_max_memory"),
        ),
        modern=_NO_SUCCESSOR,
    ),
    LegacyOption(
        id="client-password",
        spelling="ray.util.connect() and ray.client() with a password",
        names=("ray.util.connect", "ray.client"),
        where=Where.PYTHON,
        command="ray.util.connect",
        eras=eras(
            (
                "",
                Effect.OPEN,
                "Ray Client never had an argument for a Redis password: whoever reached it was in.",
            ),
            (
                "2.52.0",
                Effect.OPEN,
                "Still none, and none is needed: in token mode it sends the token by itself.",
            ),
        ),
        modern=f"ray.init('ray://HOST:10001') with {MODERN}",
        sources=("ray/util/client_connect.py, ray/client_builder.py of the wheels", "ray#17662"),
    ),
    LegacyOption(
        id="client-dashboard-port",
        spelling="ray://HOST:8265",
        names=("ray://HOST:8265",),
        where=Where.PYTHON,
        command="ray.init",
        eras=eras(
            (
                "",
                Effect.MISLEADING,
                ("8265 is the dashboard, Ray Client answers on 10001: the connection fails, with a token and without."),
            )
        ),
        modern="ray.init('ray://HOST:10001'), or `ray job submit --address=http://HOST:8265`",
        sources=("public tutorials",),
    ),
    LegacyOption(
        id="init-security-token",
        spelling="ray.init(security_token=)",
        names=("security_token",),
        where=Where.PYTHON,
        command="ray.init",
        eras=eras(
            ("", Effect.REFUSED, "TypeError: init() got an unexpected keyword argument 'security_token'"),
            ("1.5.0", Effect.REFUSED, "RuntimeError: Unknown keyword argument(s): security_token"),
        ),
        modern=MODERN,
        sources=("public tutorials; no wheel has it",),
    ),
)
