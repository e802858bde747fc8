"""What Ray says about its Redis: the one it started (up to 1.10), or one of yours."""

from __future__ import annotations

from compat.message import message

_SERVICES = "ray/services.py of 0.8.7; ray/_private/services.py of 1.10.0"
_CONTEXT = "src/ray/gcs/store_client/redis_context.cc"
_CHECK = (
    "Ask the store yourself, as the GCS would:",
    "$ REDISCLI_AUTH=… redis-cli -h HOST -p 6379 --user NAME ping",
    "Then give Ray the same three:",
    "$ RAY_REDIS_ADDRESS=HOST:6379 ray start --head --redis-username=NAME --redis-password=…",
)

MESSAGES = (
    message(
        "legacy-redis-refused",
        "Unable to connect to Redis at HOST:PORT.",
        r"Unable to connect to Redis at [\w.:\[\]-]+?:\d+\.(?=\s|$)",
        "RuntimeError: Unable to connect to Redis at 10.0.0.19:6379.",
        says="ray start, ray.init",
        until="1.13.0",
        cause="Without `after … retries` this is the wrong password: the server answered, and refused the login.",
        fix=(
            "Give the password that the head was started with:",
            "$ ray start --address=HOST:6379 --redis-password=…",
            "If it is another Redis on Ray's port (Ray 1.1, ray#13345), start the head with another --port.",
        ),
        sources=(_SERVICES, "ray#13345"),
    ),
    message(
        "legacy-redis-unreachable",
        "Unable to connect to Redis at HOST:PORT after N retries",
        r"(?:Unable to connect to Redis at \S{1,80} after \d+ retries|Unable to connect to Redis \(after \d+ retries\)|"
        "Unable to connect to Redis. If the Redis instance is on a different machine)",
        "RuntimeError: Unable to connect to Redis at 10.0.0.19:6379 after 16 retries. Check that "
        "10.0.0.19:6379 is reachable "
        "from this machine.",
        "RuntimeError: Unable to connect to Redis (after 16 retries). If the Redis instance is on a different machine",
        "Exception: Unable to connect to Redis. If the Redis instance is on a different machine, "
        "check that your firewall is "
        "configured properly.",
        says="ray start, ray.init",
        until="1.13.0",
        cause=(
            "Nothing answers there: the head is not up, the address is not the head's, or a firewall "
            "is between. On Ray "
            "before 1.3 a wrong password says the same."
        ),
        fix=(
            "From this host:",
            "$ nc -vz HOST 6379",
            "On the head, see that Redis listens on that address:",
            "$ ss -ltnp 'sport = :6379'",
        ),
        sources=(_SERVICES, "ray#9028", "ray#6794"),
    ),
    message(
        "legacy-redis-retrying",
        "Failed to connect to Redis, retrying",
        "Failed to connect to (?:Redis|the redis server), retrying",
        "W0629 17:55:35.521113 31524 253148608 redis_context.cc:307] Failed to connect to Redis, retrying.",
        "2020-04-16 18:45:59,882 INFO services.py:563 -- Failed to connect to the redis server, retrying.",
        says="Ray up to 1.10",
        until="1.10.0",
        cause="The head's Redis, or one of its shards on a random port, is not reachable from here.",
        fix=("Open the shard's port too, or pin it on the head:", "$ ray start --head --redis-shard-ports=6380"),
        sources=("ray#9259", "ray#4393"),
        symptom=True,
    ),
    message(
        "gcs-redis-unreachable",
        "Could not establish connection to Redis",
        "Could not establish connection to [Rr]edis",
        "[C] (gcs_server) redis_context.cc:215: Could not establish connection to Redis "
        "10.0.0.5:6379 (context.err = 1).",
        "F0114 redis_context.cc:215] Could not establish connection to redis 10.0.0.5:39902 (context.err = 1)",
        says="gcs_server, raylet",
        cause="Nothing answers at that address: the store is down, or a firewall is between.",
        fix=("From this host:", "$ redis-cli -h HOST -p 6379 ping", "PONG or NOAUTH: it is there. Otherwise start it."),
        sources=("strings of the gcs_server of 1.10.0, 2.9.3, 2.60.0", "ray#6794"),
    ),
    message(
        "gcs-redis-aborts",
        "An unexpected system state has occurred … redis_store_client.cc",
        r"redis_(?:store_client|context|async_context)\.cc:\d+: An unexpected system state has occurred",
        "[2026-11-20 10:12:01,123 C 4711 4711] (gcs_server) redis_store_client.cc:141:  An unexpected system state has "
        "occurred. You have likely discovered a bug in Ray. Please report this issue",
        says="gcs_server",
        cause=(
            "Not a bug of Ray's, as a rule: the external Redis refused the login (wrong password or "
            "user, or none because "
            "only RAY_REDIS_PASSWORD was set). The server's WRONGPASS or NOAUTH is not shown."
        ),
        fix=_CHECK,
        sources=("run of 2.60.0", "ray#39220"),
    ),
    message(
        "gcs-redis-bad-status",
        "redis_context.cc: Check failed: … Bad status: RedisError",
        r"redis_context\.cc:\d+: Check failed: \S{1,60} Bad status: RedisError",
        "redis_context.cc:487:  Check failed: _s.ok() Bad status: RedisError: connection reset",
        says="gcs_server, ray start",
        since="2.0.0",
        cause=(
            "RAY_REDIS_ADDRESS names something that is not a Redis, or this very head: --port and "
            "RAY_REDIS_ADDRESS must "
            "not be the same place."
        ),
        fix=("Give store and GCS a port each:", "$ RAY_REDIS_ADDRESS=127.0.0.1:6380 ray start --head --port=6379"),
        sources=("ray#48226", "ray#24920"),
    ),
    message(
        "gcs-dummy-deletion",
        "Setup Redis cluster failed in the dummy deletion: NOPERM",
        r"Setup Redis cluster failed in the dummy deletion: NOPERM[^\n]*",
        "Setup Redis cluster failed in the dummy deletion: NOPERM this user has no permissions to "
        "run the 'del' command",
        says="gcs_server",
        since="2.0.0",
        cause="When it connects, Ray deletes a key called DUMMY to find the leader of a Redis "
        "Cluster; the ACL forbids it.",
        fix=(
            "Allow that one key (Redis 7 and Valkey; on 6.2 write ~DUMMY +del instead):",
            "$ redis-cli ACL SETUSER ray '(+del ~DUMMY)'",
        ),
        sources=(_CONTEXT, "run of 2.60.0 on Redis 7.0.15"),
    ),
    message(
        "gcs-dummy-deletion-auth",
        "Setup Redis cluster failed in the dummy deletion: NOAUTH",
        "Setup Redis cluster failed in the dummy deletion: NOAUTH[^\n]*",
        "Setup Redis cluster failed in the dummy deletion: NOAUTH Authentication required.",
        says="gcs_server",
        since="2.0.0",
        cause="The external Redis wants a password, and the head sent none.",
        fix=_CHECK,
        sources=(_CONTEXT, "ray#32794"),
    ),
    message(
        "gcs-redis-shards",
        "Ray currently doesn't support Redis Cluster with more than one shard",
        "Ray currently doesn't support Redis Cluster with more than one shard",
        "Ray currently doesn't support Redis Cluster with more than one shard.",
        says="gcs_server",
        since="2.0.0",
        cause="All of the GCS's data must live on one node.",
        fix=("Use a cluster of one shard with replicas, or a server without cluster mode.",),
        sources=("strings of the 2.60.0 gcs_server", _CONTEXT),
    ),
    message(
        "gcs-redis-unhealthy",
        "The Redis cluster is not healthy. cluster_state shows failed status",
        "The Redis cluster is not healthy. cluster_state shows failed status",
        "The Redis cluster is not healthy. cluster_state shows failed status: cluster_state:fail. "
        "Please check Redis cluster "
        "used.",
        says="gcs_server",
        since="2.0.0",
        cause="The Redis Cluster itself says that it is down: slots without a node, or a lost majority.",
        fix=("Look at it, and repair it first:", "$ redis-cli -h HOST CLUSTER INFO"),
        sources=("strings of the gcs_server of 2.9.3 and 2.60.0",),
    ),
    message(
        "gcs-redis-info",
        "Failed to get Redis info",
        "Failed to get Redis (?:cluster )?info",
        "Failed to get Redis info. The command may have timed out after 5000 milliseconds",
        says="gcs_server",
        cause="INFO got no answer: a user without INFO, a proxy that hides it, or a store that is too slow.",
        fix=("Try it as that user:", "$ REDISCLI_AUTH=… redis-cli -h HOST --user NAME INFO CLUSTER"),
        sources=("strings of the 2.60.0 gcs_server", "ray#63037"),
    ),
    message(
        "gcs-redis-certificate",
        "Failed to setup encrypted redis: … CERTIFICATE_VERIFY_FAILED",
        r"(?:Failed to setup encrypted redis:[\s\S]{0,120}?CERTIFICATE_VERIFY_FAILED|"
        r"CERTIFICATE_VERIFY_FAILED[\s\S]{0,200}?rediss://|rediss://[\s\S]{0,200}?CERTIFICATE_VERIFY_FAILED)",
        "redis_context.cc:484:  Check failed: redisInitiateSSLWithContext(context_, ssl_context_) == "
        "REDIS_OK Failed to setup "
        "encrypted redis: SSL_connect failed: CERTIFICATE_VERIFY_FAILED",
        says="gcs_server",
        since="2.2.0",
        cause="With rediss:// the GCS checks the store's certificate, and does not know the authority that signed it.",
        fix=(
            "Name it for the head (a managed service signs with a public authority):",
            "$ export RAY_REDIS_CA_CERT=/etc/ssl/certs/ca-certificates.crt",
            "If the certificate has another name than the address: RAY_REDIS_SERVER_NAME.",
        ),
        sources=("ray#41161", "kuberay#1640", "strings of the gcs_server of 2.52.1 to 2.60.0"),
    ),
    message(
        "gcs-redis-tls",
        "Failed to setup encrypted redis",
        "(?:Failed to setup encrypted redis|Failed to construct a ssl context for redis client)",
        "Failed to setup encrypted redis: SSL_connect failed: wrong version number",
        "Failed to construct a ssl context for redis client: Failed to load client certificate",
        says="gcs_server",
        since="2.2.0",
        cause="rediss:// at a store that does not speak TLS on this port, or a certificate file that cannot be read.",
        fix=("See what the port speaks:", "$ openssl s_client -connect HOST:6379 </dev/null"),
        sources=("strings of the gcs_server of 2.9.3 and 2.60.0", "ray#39220"),
    ),
    message(
        "gcs-failed-to-start",
        "Failed to start GCS",
        "Failed to start GCS",
        "RuntimeError: Failed to start GCS.  Last 0 lines of error files:",
        says="ray start --head",
        cause="The GCS died while it started; the reason is in its own log. With an external Redis: "
        "mostly the login or TLS.",
        fix=(
            "Read the log, and paste it here:",
            "$ tail -n 50 /tmp/ray/session_latest/logs/gcs_server.{out,err} | shim explain -",
        ),
        sources=("ray#39220", "PR ray#33842"),
        symptom=True,
    ),
)
