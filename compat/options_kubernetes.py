"""Keys of the cluster launcher's, KubeRay's and Helm's YAML. Versions are KubeRay's unless they say Ray."""

from __future__ import annotations

from .option import KUBERAY, MODERN, Effect, Era, LegacyOption, Product, Where, eras
from .version import Version

_VALIDATION = "kuberay: ray-operator/controllers/ray/utils/validation.go"
_TYPES = "kuberay: ray-operator/apis/ray/v1/raycluster_types.go"
_POD = "kuberay: ray-operator/controllers/ray/common/pod.go"
_FT = "gcsFaultToleranceOptions"


def _key(
    name: str,
    spelling: str,
    names: tuple[str, ...],
    story: tuple[Era, ...],
    *,
    modern: str,
    since: str = "",
    default: str = "",
    sources: tuple[str, ...] = (),
) -> LegacyOption:
    return LegacyOption(
        id=f"kuberay-{name}",
        spelling=spelling,
        names=names,
        where=Where.YAML,
        since=Version.parse(since) if since else None,
        default=default,
        eras=story,
        modern=modern,
        sources=sources,
        of=Product.KUBERAY,
    )


OPTIONS = (
    _key(
        "redis-password",
        "rayStartParams.redis-password",
        ("rayStartParams.redis-password", "redis-password"),
        eras(
            (
                "0.3.0",
                Effect.MISLEADING,
                (
                    "Becomes --redis-password. Live with an external Redis; without one it guards "
                    "nothing on Ray 1.11 and later. A literal value is in the object for everyone who"
                    " may read it."
                ),
            ),
            (
                "1.3.0",
                Effect.MISLEADING,
                f"The same; rejected beside {_FT}, with an event and not by the API server.",
            ),
            of=KUBERAY,
        ),
        modern=f"{_FT}.redisPassword.valueFrom with an external Redis; authOptions.mode: token in any case",
        since="0.3.0",
        sources=(_VALIDATION, "kuberay#929", "kuberay#949", "kuberay#2694"),
    ),
    _key(
        "ft-enabled",
        "annotation ray.io/ft-enabled",
        ("ray.io/ft-enabled",),
        eras(
            (
                "0.3.0",
                Effect.LIVE,
                "Turns GCS fault tolerance on: there is an external Redis, and its password is live.",
            ),
            ("1.3.0", Effect.LIVE, f'The same; rejected beside {_FT}, even with the value "false".'),
            of=KUBERAY,
        ),
        modern=_FT,
        since="0.3.0",
        sources=(_VALIDATION, _POD),
    ),
    _key(
        "external-storage-namespace",
        "annotation ray.io/external-storage-namespace",
        ("ray.io/external-storage-namespace",),
        eras(
            (
                "0.4.0",
                Effect.LIVE,
                "The prefix of the cluster's keys in Redis. Lose it, and the GCS starts empty.",
            ),
            ("1.3.0", Effect.LIVE, f"The same; rejected beside {_FT}."),
            of=KUBERAY,
        ),
        modern=f"{_FT}.externalStorageNamespace, with the same value",
        since="0.4.0",
        default="the RayCluster's UID",
        sources=(_VALIDATION, _POD),
    ),
    _key(
        "gcs-fault-tolerance",
        "spec.gcsFaultToleranceOptions",
        (_FT, "redisPassword", "redisUsername", "externalStorageNamespace", "redisAddress"),
        eras(
            (
                "1.3.0",
                Effect.LIVE,
                (
                    "The external Redis of the GCS with its password: it stays, and it does not guard"
                    " the cluster. KubeRay sets RAY_REDIS_ADDRESS, REDIS_PASSWORD and the namespace "
                    "itself, and rejects them beside it."
                ),
            ),
            ("1.7.0", Effect.LIVE, "The same; backend: rocksdb needs no Redis at all."),
            of=KUBERAY,
        ),
        modern="Unchanged; add authOptions.mode: token.",
        since="1.3.0",
        sources=(_TYPES, _VALIDATION, _POD, "kuberay#2694", "kuberay#2712"),
    ),
    _key(
        "auth-mode",
        "spec.authOptions.mode",
        ("authOptions", "authOptions.mode"),
        eras(
            (
                "1.5.1",
                Effect.PROTECTED,
                (
                    "mode: token makes a Secret named as the cluster and sets RAY_AUTH_MODE and "
                    "RAY_AUTH_TOKEN. Needs rayVersion 2.52.0 or later, written out. authOptions "
                    "without mode guards nothing, whatever its comment says."
                ),
            ),
            of=KUBERAY,
        ),
        modern="This is the modern form.",
        since="1.5.1",
        default="absent: off",
        sources=(_TYPES, _VALIDATION, "kuberay#4203", "ray#60703"),
    ),
    _key(
        "auth-secret-name",
        "spec.authOptions.secretName",
        ("authOptions.secretName",),
        eras(
            (
                "1.6.0",
                Effect.PROTECTED,
                "A Secret of your own with the key auth_token. Still needs mode: token.",
            ),
            of=KUBERAY,
        ),
        modern="This is the modern form for a token that must outlive the cluster (RayJob, RayService).",
        since="1.6.0",
        sources=(_TYPES, "ray#60703"),
    ),
    _key(
        "auth-k8s",
        "spec.authOptions.enableK8sTokenAuth",
        ("authOptions.enableK8sTokenAuth", "enableK8sTokenAuth"),
        eras(
            (
                "1.6.0",
                Effect.PROTECTED,
                (
                    "Kubernetes checks each token. Needs rayVersion 2.55.0 or later and mode: token; "
                    "excludes secretName; rejected for RayJob and RayService."
                ),
            ),
            of=KUBERAY,
        ),
        modern="This is the modern form for tokens of your own identity provider.",
        since="1.6.0",
        default="false",
        sources=(_TYPES, _VALIDATION, "kuberay#4542", "kuberay#4922"),
    ),
    _key(
        "helm-fault-tolerance",
        "Helm: gcsFaultTolerance.redisPassword",
        ("gcsFaultTolerance", "gcsFaultTolerance.redisPassword"),
        eras(
            (
                "1.5.0",
                Effect.LIVE,
                f"Chart ray-cluster: becomes {_FT}. The chart has no value for authOptions.",
            ),
            of=KUBERAY,
        ),
        modern="Unchanged; token mode by common.containerEnv (RAY_AUTH_MODE, RAY_AUTH_TOKEN from a Secret).",
        since="1.5.0",
        sources=("kuberay: helm-chart/ray-cluster/values.yaml",),
    ),
    _key(
        "helm-start-params",
        "Helm: head.rayStartParams.redis-password, head.initArgs.redis-password",
        ("head.rayStartParams", "head.initArgs"),
        eras(
            (
                "0.3.0",
                Effect.MISLEADING,
                "Chart ray-cluster: becomes --redis-password; 0.3.0's default values set one.",
            ),
            ("1.3.0", Effect.MISLEADING, f"The same; rejected beside {_FT}."),
            of=KUBERAY,
        ),
        modern=("gcsFaultTolerance.redisPassword with an external Redis (chart 1.5.0); otherwise leave it out."),
        since="0.3.0",
        sources=("kuberay: helm-chart/ray-cluster/values.yaml", _VALIDATION),
    ),
    LegacyOption(
        id="launcher-start-commands",
        spelling="head_start_ray_commands: ray start … --redis-password",
        names=("head_start_ray_commands", "worker_start_ray_commands"),
        where=Where.YAML,
        command="ray up",
        since=Version(0, 6, 0),
        eras=eras(
            (
                "0.6.0",
                Effect.PROTECTED,
                "As `ray start --redis-password`. No shipped file sets it: people did.",
            ),
            (
                "1.11.0",
                Effect.IGNORED,
                "As `ray start --redis-password`: it guards nothing without an external Redis.",
            ),
        ),
        modern=(f"`export RAY_AUTH_MODE=token; ray start …` in each list, file_mounts for ~/.ray/auth_token; {MODERN}"),
        sources=(
            "ray: doc/source/ray-security/token-auth.md",
            "ray: python/ray/autoscaler/_private/updater.py",
        ),
    ),
)
