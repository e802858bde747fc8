"""Variables that name a Redis or its password."""

from __future__ import annotations

from .option import EXTERNAL_REDIS, KUBERAY, Effect, LegacyOption, Product, Where, eras
from .version import Version

OPTIONS = (
    LegacyOption(
        id="env-redis-address",
        spelling="REDIS_ADDRESS",
        names=("REDIS_ADDRESS",),
        where=Where.ENV,
        since=Version(0, 5, 0),
        until=Version(0, 6, 3),
        eras=eras(
            ("0.5.0", Effect.LIVE, "Handed from Ray's processes to their children."),
            ("0.6.4", Effect.NOT_READ, "Nothing reads it."),
        ),
        modern="RAY_ADDRESS",
        sources=("ray/worker.py of the wheels",),
    ),
    LegacyOption(
        id="env-ray-redis-address",
        spelling="RAY_REDIS_ADDRESS",
        names=("RAY_REDIS_ADDRESS",),
        where=Where.ENV,
        since=Version(1, 11, 0),
        eras=eras(
            (
                "1.11.0",
                Effect.LIVE,
                (
                    "On a head: keep the GCS's data in this Redis (HOST:PORT, several with commas). "
                    "Here, and only here, the Redis password is live. Workers do not read it."
                ),
            ),
            ("2.2.0", Effect.LIVE, "The same; redis:// and rediss:// (TLS) are understood too."),
        ),
        modern="Unchanged; it does not guard the cluster: add token mode.",
        sources=("ray/_private/node.py", "ray/_private/services.py", "ray#48226", "ray#52433"),
    ),
    LegacyOption(
        id="env-ray-redis-password",
        spelling="RAY_REDIS_PASSWORD",
        names=("RAY_REDIS_PASSWORD",),
        where=Where.ENV,
        since=Version(2, 56, 0),
        eras=eras(
            (
                "",
                Effect.NOT_READ,
                "Ray does not read it; KubeRay samples before 0.6 used the name for a shell to expand.",
            ),
            (
                "2.56.0",
                Effect.MISLEADING,
                (
                    "Ray hands it to its own Ray Client server, nothing else: a head that has it in place of "
                    "--redis-password does not log in at its Redis, and aborts."
                ),
            ),
        ),
        modern=f"{EXTERNAL_REDIS}. `shim start` takes it as the legacy password.",
        sources=("ray/util/client/server/server.py", "kuberay#953", "kuberay#986", "run of 2.60.0"),
    ),
    LegacyOption(
        id="env-ray-redis-username",
        spelling="RAY_REDIS_USERNAME",
        names=("RAY_REDIS_USERNAME",),
        where=Where.ENV,
        eras=eras(("", Effect.NOT_READ, "No Ray reads it.")),
        modern="ray start --head --redis-username=NAME (2.41 and later)",
        sources=("wheels; strings of the 2.60.0 gcs_server",),
    ),
    LegacyOption(
        id="env-redis-password",
        spelling="REDIS_PASSWORD, REDIS_USERNAME",
        names=("REDIS_PASSWORD", "REDIS_USERNAME"),
        where=Where.ENV,
        of=Product.KUBERAY,
        eras=eras(
            (
                "",
                Effect.LIVE,
                (
                    "KubeRay's, not Ray's: a shell expands it into --redis-password=$REDIS_PASSWORD, and the "
                    "cleanup job reads it."
                ),
            ),
            (
                "1.3.0",
                Effect.REFUSED,
                (
                    "KubeRay rejects REDIS_PASSWORD on the head beside gcsFaultToleranceOptions, and "
                    "REDIS_USERNAME always."
                ),
            ),
            of=KUBERAY,
        ),
        modern="gcsFaultToleranceOptions.redisPassword and .redisUsername",
        sources=("kuberay: ray-operator/controllers/ray/common/pod.go, utils/validation.go", "kuberay#953"),
    ),
    LegacyOption(
        id="env-external-storage-namespace",
        spelling="RAY_external_storage_namespace",
        names=("RAY_external_storage_namespace",),
        where=Where.ENV,
        since=Version(2, 0, 0),
        default="default; under KubeRay the RayCluster's UID",
        eras=eras(
            (
                "2.0.0",
                Effect.LIVE,
                "The prefix of the GCS's keys in an external Redis: RAY<namespace>@<table>.",
            )
        ),
        modern="Unchanged; under KubeRay gcsFaultToleranceOptions.externalStorageNamespace.",
        sources=("strings of the 2.60.0 gcs_server", "run of 2.60.0"),
    ),
    LegacyOption(
        id="env-redis-tls",
        spelling="RAY_REDIS_CA_CERT, _CA_PATH, _CLIENT_CERT, _CLIENT_KEY, _SERVER_NAME",
        names=(
            "RAY_REDIS_CA_CERT",
            "RAY_REDIS_CA_PATH",
            "RAY_REDIS_CLIENT_CERT",
            "RAY_REDIS_CLIENT_KEY",
            "RAY_REDIS_SERVER_NAME",
        ),
        where=Where.ENV,
        since=Version(2, 2, 0),
        default="empty",
        eras=eras(("2.2.0", Effect.LIVE, "TLS towards an external Redis at a rediss:// address.")),
        modern="Unchanged.",
        sources=("strings of the gcs_server of 2.52.1, 2.53.0, 2.54.1, 2.56.1, 2.60.0", "ray#41161"),
    ),
    LegacyOption(
        id="env-redis-enable-ssl",
        spelling="RAY_REDIS_ENABLE_SSL",
        names=("RAY_REDIS_ENABLE_SSL",),
        where=Where.ENV,
        eras=eras(
            (
                "",
                Effect.MISLEADING,
                "Named in old reports (ray#39220); whether it did anything was not checked.",
            ),
            ("2.52.0", Effect.NOT_READ, "The name is not in the gcs_server. TLS is chosen by rediss://."),
        ),
        modern="RAY_REDIS_ADDRESS=rediss://HOST:PORT",
        sources=("ray#39220", "strings of the gcs_server of 2.52.1 to 2.60.0"),
    ),
)
