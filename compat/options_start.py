"""Legacy options of ``ray start``."""

from __future__ import annotations

from .option import EXTERNAL_REDIS, MODERN, Effect, Era, LegacyOption, Where, eras
from .ray_start import KNOWN

_SCRIPTS = "ray/scripts/scripts.py of the wheels"
_NO_SUCCESSOR = "Leave it out."


def _gone(option: str) -> str:
    return f"Error: No such option: {option} (exit code 2)"


def _option(
    name: str,
    story: tuple[Era, ...],
    *,
    modern: str,
    default: str = "",
    spelling: str = "",
    suffix: str = "",
    sources: tuple[str, ...] = (),
) -> LegacyOption:
    known = KNOWN[name]
    return LegacyOption(
        id=f"start{name.replace('--', '-')}{suffix}",
        spelling=spelling or f"ray start {name}",
        names=(name,),
        where=Where.CLI,
        command="ray start",
        since=known.since,
        until=known.until,
        default=default,
        eras=story,
        modern=modern,
        sources=(_SCRIPTS, *sources),
    )


OPTIONS = (
    _option(
        "--redis-password",
        eras(
            (
                "0.6.0",
                Effect.PROTECTED,
                (
                    "Became the requirepass of the Redis that the head started. GCS, raylets, Ray Client and "
                    "dashboard stayed open beside it."
                ),
            ),
            (
                "0.8.1",
                Effect.PROTECTED,
                "The same, with a public default: 5241590000000000 stops port scanners only.",
            ),
            (
                "1.0.0",
                Effect.PROTECTED,
                'The same, and hidden from --help; "Next steps" prints the password.',
            ),
            (
                "1.11.0",
                Effect.IGNORED,
                (
                    "Ray starts no Redis: the password checks nothing, and nothing warns (ray#48226)."
                    ' 1.11 still prints it under "Next steps" as if it did. It is in the argv of '
                    "gcs_server and raylet all the same."
                ),
            ),
            (
                "2.3.0",
                Effect.IGNORED,
                (
                    "The same; it reaches an external Redis only (RAY_REDIS_ADDRESS, or --head with "
                    "--address): there it is live."
                ),
            ),
        ),
        modern=f"{MODERN}. {EXTERNAL_REDIS}",
        default="none; 5241590000000000 from 0.8.1; empty from 2.3.0",
        sources=("PR ray#21232", "PR ray#31257", "ray#48226", "ray#46351", "runs of 1.10.0, 1.11.0, 2.60.0"),
    ),
    LegacyOption(
        id="start-redis-password-underscore",
        spelling="ray start --redis_password",
        names=("--redis_password",),
        where=Where.CLI,
        command="ray start",
        eras=eras(
            (
                "",
                Effect.REFUSED,
                (
                    f"{_gone('--redis_password')}: `ray start` spells it with a hyphen, `ray status`, "
                    "`ray memory` and `ray health-check` spelt it with an underscore."
                ),
            )
        ),
        modern=f"{MODERN}. {EXTERNAL_REDIS}",
        sources=(_SCRIPTS,),
    ),
    _option(
        "--redis-username",
        eras(("2.41.0", Effect.LIVE, "The ACL user at an external Redis. Without one it does nothing.")),
        modern=EXTERNAL_REDIS,
        default="empty",
    ),
    _option(
        "--redis-address",
        eras(
            ("0.5.0", Effect.LIVE, "The address of the head's Redis, which a worker joins."),
            (
                "0.8.1",
                Effect.REFUSED,
                (
                    "DeprecationWarning, raised: The --redis-address argument is deprecated. Please "
                    "use --address instead."
                ),
            ),
            ("1.0.0", Effect.REFUSED, _gone("--redis-address")),
        ),
        modern="ray start --address=HOST:PORT",
    ),
    _option(
        "--address",
        eras(
            ("0.7.4", Effect.LIVE, "The address of the head's Redis, which a worker joins."),
            ("1.11.0", Effect.LIVE, "The address of the head's GCS: the same port number, another protocol."),
        ),
        modern="Unchanged; the worker needs RAY_AUTH_MODE=token and the token.",
        spelling="ray start --address (worker)",
    ),
    _option(
        "--address",
        eras(
            (
                "0.7.4",
                Effect.REFUSED,
                ("If --head is passed in, a Redis server will be started, so a Redis address should not be provided."),
            ),
            (
                "1.5.0",
                Effect.LIVE,
                "Not a cluster to join: the address of an external Redis, where the password is live.",
            ),
            (
                "1.11.0",
                Effect.LIVE,
                (
                    "The same, deprecated: Specifying --address for external Redis address is "
                    "deprecated. Please specify environment variable RAY_REDIS_ADDRESS=… instead."
                ),
            ),
        ),
        modern="RAY_REDIS_ADDRESS=HOST:PORT ray start --head",
        spelling="ray start --head --address",
        suffix="-with-head",
    ),
    _option(
        "--redis-port",
        eras(
            ("0.5.0", Effect.LIVE, "The port of the Redis that the head starts."),
            ("0.8.6", Effect.LIVE, "The same, with a warning: use --port."),
            ("1.0.0", Effect.REFUSED, _gone("--redis-port")),
        ),
        modern="ray start --head --port=PORT",
        default="random",
    ),
    _option(
        "--port",
        eras(
            ("0.8.6", Effect.LIVE, "The port of the Redis that the head starts."),
            (
                "1.11.0",
                Effect.LIVE,
                "The port of the GCS: a firewall rule still fits, a Redis client does not.",
            ),
        ),
        modern="Unchanged.",
        default="6379",
        sources=("runs of 1.10.0, 1.11.0",),
    ),
    _option(
        "--redis-shard-ports",
        eras(
            ("0.5.0", Effect.LIVE, "The ports of further Redis servers, guarded by the same password."),
            ("1.11.0", Effect.IGNORED, "Ray starts no Redis. On a worker it still aborts."),
        ),
        modern=_NO_SUCCESSOR,
        default="random ports",
    ),
    _option(
        "--num-redis-shards",
        eras(
            ("0.5.0", Effect.LIVE, "How many Redis servers the head starts besides the first one."),
            ("1.0.0", Effect.REFUSED, _gone("--num-redis-shards")),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _option(
        "--redis-max-clients",
        eras(
            ("0.5.0", Effect.LIVE, "The maxclients of the head's Redis."),
            ("1.0.0", Effect.REFUSED, _gone("--redis-max-clients")),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _option(
        "--redis-max-memory",
        eras(
            ("0.6.1", Effect.LIVE, "The memory limit of the head's Redis, in bytes."),
            ("1.11.0", Effect.IGNORED, "Ray starts no Redis."),
            ("2.44.0", Effect.REFUSED, _gone("--redis-max-memory")),
        ),
        modern=_NO_SUCCESSOR,
    ),
    _option(
        "--gcs-server-port",
        eras(
            ("0.8.7", Effect.OPEN, "The port of the GCS, which asked nobody for a password."),
            (
                "1.11.0",
                Effect.IGNORED,
                ("`--gcs-server-port` is deprecated and ignored. Use --port to specify GCS server port on head node."),
            ),
            ("2.48.0", Effect.REFUSED, _gone("--gcs-server-port")),
        ),
        modern="ray start --head --port=PORT",
        default="random",
    ),
    _option(
        "--dashboard-grpc-port",
        eras(
            ("2.5.0", Effect.LIVE, "The gRPC port of the dashboard."),
            ("2.48.0", Effect.REFUSED, _gone("--dashboard-grpc-port")),
        ),
        modern=_NO_SUCCESSOR,
    ),
)
