"""What Redis and Valkey servers answer, and what redis-py makes of it (it takes the code off the front)."""

from __future__ import annotations

from compat.message import Message, message
from compat.option import Product

_RUN = "runs of Redis 6.2.14, 7.0.15, Valkey 9.1.2"
_ACL = "ACL SETUSER ray on >PASSWORD resetchannels ~RAY* -@all +ping +info +hset +hsetnx +hget +hmget +hscan +hdel"


def _reply(
    number: str,
    title: str,
    pattern: str,
    *samples: str,
    cause: str,
    fix: tuple[str, ...],
    sources: tuple[str, ...] = (_RUN,),
    says: str = "Redis, Valkey",
) -> Message:
    return message(number, title, pattern, *samples, says=says, cause=cause, fix=fix, sources=sources, of=Product.OTHER)


MESSAGES = (
    _reply(
        "redis-wrongpass",
        "WRONGPASS invalid username-password pair",
        "(?:WRONGPASS )?invalid username-password pair",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "redis.exceptions.ResponseError: WRONGPASS invalid username-password pair",
        "redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.",
        cause=(
            "The password, or the user name with it, is not this server's; or the user is off. On Ray up to 1.10 that "
            "server is Ray's own Redis; on later Rays it is a Redis of yours."
        ),
        fix=(
            "Ask the server itself, with the password in the environment and not in argv:",
            "$ REDISCLI_AUTH=… redis-cli -h HOST -p 6379 --user NAME ping",
            "A newline at the end of a secret counts: compare `printf %s` with what you pass on.",
        ),
        sources=(_RUN, "ray#16921", "ray#15234", "ray#16293"),
    ),
    _reply(
        "redis-wrongpass-command",
        "ray status, timeline or memory fails with WRONGPASS",
        r"in (?P<command>timeline|status|memory|debug)\n(?:[^\n]*\n){0,60}?[^\n]*WRONGPASS(?: invalid "
        r"username-password pair)?",
        'File "ray/scripts/scripts.py", line 1405, in status\n    address = services.get_ray_address()\n'
        "redis.exceptions.ResponseError: WRONGPASS invalid username-password pair",
        says="Ray's Redis, to `ray` commands of 0.8 to 1.10",
        cause=(
            "`ray {command}` logs in with Ray's public default password when it is not told the "
            "cluster's. timeline could "
            "not be told at all (ray#16921); memory could since 0.8.7, status since 1.2, with an underscore."
        ),
        fix=(
            "On this old Ray:",
            "$ ray status --redis_password=…",
            "On a token cluster no password is needed:",
            "$ RAY_AUTH_MODE=token ray {command}",
        ),
        sources=("ray#16921", "ray#15234", "ray#13879"),
    ),
    _reply(
        "redis-noauth",
        "NOAUTH Authentication required",
        r"(?:NOAUTH(?: Authentication required)?\b|redis\.exceptions\.\w+: Authentication required\.|"
        "(?:NOAUTH )?HELLO must be called with the client already authenticated)",
        "NOAUTH Authentication required.",
        "redis.exceptions.AuthenticationError: Authentication required.",
        "redis.exceptions.AuthenticationError: HELLO must be called with the client already "
        "authenticated, otherwise the "
        "HELLO AUTH <user> <pass> option can be used",
        cause="The server wants a password, and none was sent.",
        fix=(
            "Ray up to 1.10: give the cluster's password to every node and driver:",
            "$ ray start --address=HOST:6379 --redis-password=…",
            "An external Redis of a newer Ray: give it to the head, with the address:",
            "$ RAY_REDIS_ADDRESS=HOST:6379 ray start --head --redis-password=…",
            "RAY_REDIS_PASSWORD alone is not enough: Ray does not log in with it.",
        ),
    ),
    _reply(
        "redis-auth-without-password",
        "ERR AUTH <password> called without any password configured for the default user",
        "AUTH <password> called without any password configured",
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration "
        "is correct?",
        cause=(
            "A password was sent to a server that has none: it is open to everybody. Often it is not "
            "the server you mean "
            "but another Redis on the same port."
        ),
        fix=(
            "See who listens there:",
            "$ ss -ltnp 'sport = :6379'",
            "If it is your control store, close it; shim starts one that is closed, or checks yours:",
            "$ shim start --head",
        ),
        sources=(_RUN, "ray#13345"),
    ),
    _reply(
        "redis-auth-no-password-set",
        "Client sent AUTH, but no password is set",
        "Client sent AUTH, but no password is set",
        "redis.exceptions.AuthenticationError: Client sent AUTH, but no password is set",
        says="Redis before 6.0, redis-py",
        cause=(
            "A Redis older than 6.0 without a password. Ray up to 2.2 sends its public default password when you give "
            "none, so this also comes from ray.init(address=…) at a Redis that Ray did not start."
        ),
        fix=(
            "See who listens there:",
            "$ ss -ltnp 'sport = :6379'",
            "Redis 5 has no ACLs and no fixes any more: move to 6.2 or later, or let shim bring its own server.",
        ),
        sources=("ray#8023", "ray#24255"),
    ),
    _reply(
        "redis-invalid-password",
        "ERR invalid password",
        r"(?:ERR invalid password|redis\.exceptions\.\w+: invalid password)",
        "ERR invalid password",
        "redis.exceptions.ResponseError: invalid password",
        says="Redis before 6.0",
        cause="The wrong password, in the words of an old Redis.",
        fix=("Give every node and driver the password that the head was started with.",),
        sources=("recalled; no Redis 5 was run",),
    ),
    _reply(
        "redis-auth-arguments",
        "ERR wrong number of arguments for 'auth' command",
        "wrong number of arguments for 'auth' command",
        "ERR wrong number of arguments for 'auth' command",
        says="Redis before 6.0",
        cause="A user name was sent to a Redis that knows none.",
        fix=("Leave --redis-username out, or move to Redis 6.0 or later.",),
        sources=("the ACLs of Redis 6.0; no Redis 5 was run",),
    ),
    _reply(
        "redis-noperm-info",
        "NOPERM this user has no permissions to run the 'info' command",
        "(?:NOPERM |NoPermissionError: )?[Tt]his user has no permissions to run the 'info' command",
        "NOPERM this user has no permissions to run the 'info' command",
        "redis.exceptions.NoPermissionError: this user has no permissions to run the 'info' command",
        cause="Ray asks INFO SENTINEL and INFO CLUSTER when it connects. Without INFO the GCS does not start.",
        fix=("Allow it:", "$ redis-cli ACL SETUSER ray +info +ping"),
        sources=(_RUN, "ray#63037"),
    ),
    _reply(
        "redis-noperm-key",
        "NOPERM … to access one of the keys",
        "(?:NOPERM |NoPermissionError: )?(?:[Tt]his user has no permissions to access one of the keys|"
        "No permissions to access a key)",
        "NOPERM this user has no permissions to access one of the keys used as arguments",
        "NOPERM No permissions to access a key",
        cause="The user's key pattern does not fit. Ray's keys are RAY<namespace>@<table>, and the one key DUMMY.",
        fix=(
            "Allow the namespace in use (under KubeRay the RayCluster's UID, unless pinned):",
            "$ redis-cli ACL SETUSER ray '~RAY*' '~DUMMY'",
        ),
        sources=(_RUN, "src/ray/gcs/store_client/redis_store_client.h"),
    ),
    _reply(
        "redis-noperm",
        "NOPERM …",
        "(?:NOPERM|NoPermissionError:)",
        "NOPERM this user has no permissions to run the 'hset' command",
        "NOPERM User ray has no permissions to run the 'scan' command",
        cause="The user logged in, and its ACL does not allow this command.",
        fix=("Ray needs exactly this:", f"$ redis-cli {_ACL} +hexists +incrby '(+del ~DUMMY)'"),
        sources=("MONITOR of the 2.60.0 GCS on Redis 7.0.15",),
    ),
    _reply(
        "redis-protected-mode",
        "DENIED Redis is running in protected mode",
        "DENIED (?:Redis|Valkey) is running in protected mode",
        "DENIED Redis is running in protected mode because protected mode is enabled and no password "
        "is set for the default "
        "user.",
        cause="The server has no password and therefore answers on loopback only. That is good.",
        fix=(
            "Do not switch protected mode off. Keep the server on the head's loopback, or give it users and passwords:",
            "$ shim start --head --store auto",
        ),
        sources=("src/networking.c of Redis",),
    ),
    _reply(
        "redis-readonly",
        "READONLY You can't write against a read only replica",
        "(?:READONLY )?You can't write against a read only (?:replica|slave)",
        "READONLY You can't write against a read only replica.",
        cause="RAY_REDIS_ADDRESS names a replica, or the primary changed and the name still leads to the old one.",
        fix=("Name the primary, the service's writer endpoint, or (Ray 2.40 and later) the Sentinel.",),
        sources=(_RUN, "PR ray#47335", "ray#52433"),
    ),
    _reply(
        "redis-oom",
        "OOM command not allowed when used memory > 'maxmemory'",
        "OOM command not allowed when used memory",
        "OOM command not allowed when used memory > 'maxmemory'.",
        cause="The store is full. The GCS stops when it cannot write.",
        fix=("Raise maxmemory; keep maxmemory-policy noeviction: an evicted key is lost cluster state.",),
        sources=("src/server.c of Redis",),
    ),
    _reply(
        "redis-misconf",
        "MISCONF … unable to persist to disk",
        "MISCONF (?:Redis|Valkey) is configured to save RDB snapshots",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        cause="The store's disk is full or not writable; it refuses writes so that nothing is lost unseen.",
        fix=("Free or mount the disk, then see that saving works:", "$ redis-cli BGSAVE && redis-cli LASTSAVE"),
        sources=("src/server.c of Redis",),
    ),
    _reply(
        "redis-loading",
        "LOADING … is loading the dataset in memory",
        "LOADING (?:Redis|Valkey) is loading the dataset in memory",
        "LOADING Redis is loading the dataset in memory",
        cause="The store has just been started and still reads its file.",
        fix=("Wait until PING answers PONG, then start the head.",),
        sources=("src/server.c of Redis",),
    ),
    _reply(
        "redis-moved",
        "MOVED <slot> <host:port>",
        r"\bMOVED (?=\d{1,5} )",
        "MOVED 14946 10.1.2.3:7001",
        cause=(
            "The server is a Redis Cluster, and the key lives on another node. Ray follows this "
            "once, when it connects; "
            "not after a failover, and not with more than one shard."
        ),
        fix=("Use a cluster of one shard (or none), name its configuration endpoint, and restart the head.",),
        sources=("src/ray/gcs/store_client/redis_context.cc", "ray#36126", "ray#52433", "PR ray#41768"),
    ),
    _reply(
        "redis-protocol-on-grpc",
        'Protocol error, got "\\x00" as reply type byte',
        r"Protocol [Ee]rror(?:,|:)? '?got \"?(?:\\x00|\\u0000|\x00)\"? as reply type byte",
        'redis.exceptions.InvalidResponse: Protocol error, got "\\x00" as reply type byte',
        says="redis-py, redis-cli",
        cause=(
            "You speak Redis to a port that speaks gRPC: since Ray 1.11 port 6379 is the GCS. A "
            "health check or firewall "
            "probe written for Redis fails here, and proves nothing about passwords."
        ),
        fix=("Ask the GCS in its own language:", "$ RAY_AUTH_MODE=token ray health-check --address=HOST:6379"),
        sources=("ray#15434", "PR ray#21232", "run of redis-py 8 against HTTP/2"),
    ),
)
