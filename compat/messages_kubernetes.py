"""What KubeRay says: events of its operator, and its kubectl plugin. Versions are KubeRay's."""

from __future__ import annotations

from compat.message import Message, message
from compat.option import Product

_VALIDATION = "kuberay: ray-operator/controllers/ray/utils/validation.go"
_FT = "gcsFaultToleranceOptions"


def _event(
    number: str,
    title: str,
    pattern: str,
    *samples: str,
    cause: str,
    fix: tuple[str, ...],
    since: str = "",
    until: str = "",
    sources: tuple[str, ...] = (_VALIDATION,),
    says: str = "KubeRay's operator, as an event (InvalidRayClusterSpec)",
    symptom: bool = False,
) -> Message:
    return message(
        number,
        title,
        pattern,
        *samples,
        says=says,
        cause=cause,
        fix=fix,
        since=since,
        until=until,
        sources=sources,
        of=Product.KUBERAY,
        symptom=symptom,
    )


MESSAGES = (
    _event(
        "kuberay-password-in-params",
        "cannot set `redis-password` in rayStartParams when GcsFaultToleranceOptions is enabled",
        "cannot set `redis-password` in rayStartParams",
        "cannot set `redis-password` in rayStartParams when GcsFaultToleranceOptions is enabled - use "
        "GcsFaultToleranceOptions.RedisPassword instead",
        since="1.3.0",
        cause="The password of the external Redis is given in two places. It is live, and belongs in a Secret.",
        fix=(
            f"Remove rayStartParams.redis-password, and write under {_FT}:",
            "$ redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}",
            "It does not guard the cluster: add authOptions: {mode: token}.",
        ),
        sources=(_VALIDATION, "kuberay#2731", "kuberay#2754"),
    ),
    _event(
        "kuberay-password-in-env",
        "cannot set `REDIS_PASSWORD` env var in head Pod",
        "cannot set `REDIS_PASSWORD` env var in head Pod",
        "cannot set `REDIS_PASSWORD` env var in head Pod when GcsFaultToleranceOptions is enabled - use "
        "GcsFaultToleranceOptions.RedisPassword instead",
        since="1.3.0",
        cause=f"KubeRay sets this variable itself from {_FT}.",
        fix=(f"Move the valueFrom of the variable to {_FT}.redisPassword.valueFrom, and remove the variable.",),
    ),
    _event(
        "kuberay-address-in-env",
        "cannot set `RAY_REDIS_ADDRESS` env var in head Pod",
        "cannot set `RAY_REDIS_ADDRESS` env var in head Pod",
        "cannot set `RAY_REDIS_ADDRESS` env var in head Pod when GcsFaultToleranceOptions is enabled - use "
        "GcsFaultToleranceOptions.RedisAddress instead",
        since="1.3.0",
        cause=f"KubeRay sets this variable itself from {_FT}.",
        fix=(f"Move its value to {_FT}.redisAddress, and remove the variable.",),
    ),
    _event(
        "kuberay-address-without-options",
        "RAY_REDIS_ADDRESS is set which implicitly enables GCS fault tolerance",
        "RAY_REDIS_ADDRESS is set which implicitly enables GCS fault tolerance",
        "RAY_REDIS_ADDRESS is set which implicitly enables GCS fault tolerance, but "
        "GcsFaultToleranceOptions is not set. "
        "Please set GcsFaultToleranceOptions to enable GCS fault tolerance",
        since="1.3.0",
        cause="The head would keep its data in that Redis under the key `default`, shared with every "
        "other cluster there.",
        fix=(
            f"Write {_FT}: {{redisAddress: …, redisPassword: …}} and remove the variable.",
            "To keep the old data, set externalStorageNamespace: default.",
        ),
        sources=(_VALIDATION, "kuberay#2694"),
    ),
    _event(
        "kuberay-namespace-annotation",
        "cannot set `ray.io/external-storage-namespace` annotation",
        "cannot set `ray.io/external-storage-namespace` annotation",
        "cannot set `ray.io/external-storage-namespace` annotation when GcsFaultToleranceOptions is enabled - use "
        "GcsFaultToleranceOptions.ExternalStorageNamespace instead",
        since="1.3.0",
        cause="The namespace is given in two places. Lose its value, and the GCS starts empty.",
        fix=(f"Copy the annotation's value to {_FT}.externalStorageNamespace first, then remove the annotation.",),
    ),
    _event(
        "kuberay-ft-annotation",
        "ray.io/ft-enabled annotation and GcsFaultToleranceOptions are both set",
        "ray.io/ft-enabled annotation and GcsFaultToleranceOptions are both set",
        "ray.io/ft-enabled annotation and GcsFaultToleranceOptions are both set. Please use only "
        "GcsFaultToleranceOptions",
        since="1.3.0",
        cause='The annotation is the old way; even "false" counts as set.',
        fix=("Remove it:", "$ kubectl annotate raycluster NAME ray.io/ft-enabled-"),
    ),
    _event(
        "kuberay-redis-username",
        "cannot set redis username in rayStartParams or environment variables",
        "cannot set redis username in rayStartParams or environment variables",
        "cannot set redis username in rayStartParams or environment variables - use "
        "GcsFaultToleranceOptions.RedisUsername "
        "instead",
        since="1.3.0",
        cause="KubeRay takes the user name in one place only.",
        fix=(f"Move it to {_FT}.redisUsername.",),
        sources=(_VALIDATION, "kuberay#2760", "kuberay#2796"),
    ),
    _event(
        "kuberay-ray-version-missing",
        "authOptions.mode is 'token' but RayVersion was not specified",
        "authOptions.mode is 'token' but RayVersion (?:was not specified|format is invalid)",
        "authOptions.mode is 'token' but RayVersion was not specified. Ray version 2.52.0 or later is required",
        "authOptions.mode is 'token' but RayVersion format is invalid: latest",
        since="1.5.1",
        cause="KubeRay reads spec.rayVersion only, not the image's tag.",
        fix=("Write the image's version out:", "$ spec.rayVersion: 2.60.0"),
        sources=(_VALIDATION, "PR kuberay#4179"),
    ),
    _event(
        "kuberay-ray-version-old",
        "authOptions.mode is 'token' but minimum Ray version is 2.52.0",
        "authOptions.mode is 'token' but minimum Ray version is 2.52.0",
        "authOptions.mode is 'token' but minimum Ray version is 2.52.0, got 2.46.0",
        since="1.5.1",
        cause="Older Rays have no tokens. (2.52 and 2.53 leave the agent's port 52365 open.)",
        fix=("Move image and spec.rayVersion to 2.54 or later, head and workers alike.",),
    ),
    _event(
        "kuberay-k8s-version",
        "authOptions.enableK8sTokenAuth is enabled but minimum Ray version is 2.55.0",
        "authOptions.enableK8sTokenAuth is enabled but minimum Ray version is 2.55.0",
        "authOptions.enableK8sTokenAuth is enabled but minimum Ray version is 2.55.0, got 2.54.0",
        since="1.6.0",
        cause="KubeRay supports Kubernetes tokens from Ray 2.55 on.",
        fix=("Upgrade to 2.55 or later, or leave enableK8sTokenAuth out and use the shared token.",),
    ),
    _event(
        "kuberay-k8s-and-secret",
        "authOptions.enableK8sTokenAuth is enabled and authOptions.secretName is also set",
        "authOptions.enableK8sTokenAuth is enabled and authOptions.secretName is also set",
        "authOptions.enableK8sTokenAuth is enabled and authOptions.secretName is also set",
        since="1.6.0",
        cause="With Kubernetes tokens there is no shared token.",
        fix=("Keep one of the two.",),
    ),
    _event(
        "kuberay-k8s-without-mode",
        "authOptions.enableK8sTokenAuth is enabled but authOptions.mode not set to 'token'",
        "authOptions.enableK8sTokenAuth is enabled but authOptions.mode not set to 'token'",
        "authOptions.enableK8sTokenAuth is enabled but authOptions.mode not set to 'token'",
        since="1.6.0",
        cause="mode has no default, whatever its comment says: without it nothing is guarded.",
        fix=("Write it out:", "$ authOptions: {mode: token, enableK8sTokenAuth: true}"),
    ),
    _event(
        "kuberay-k8s-job",
        "K8s token auth mode is currently not supported for RayJob",
        "K8s token auth mode is currently not supported for Ray(?:Job|Service)",
        "The RayJob spec is invalid: K8s token auth mode is currently not supported for RayJob",
        "The RayService spec is invalid: K8s token auth mode is currently not supported for RayService",
        since="1.6.0",
        cause="KubeRay has no way yet to hand such a token to what it starts.",
        fix=("Use a shared token that outlives the cluster:", "$ authOptions: {mode: token, secretName: ray-token}"),
        sources=(_VALIDATION, "ray#60703"),
    ),
    _event(
        "kuberay-not-configured",
        "was not configured to use authentication tokens",
        "was not configured to use authentication tokens",
        "RayCluster default/prod was not configured to use authentication tokens",
        since="1.5.1",
        says="kubectl ray get token",
        cause="The cluster has no authOptions.mode: token. If it took the environment by hand, the "
        "plugin does not see it.",
        fix=(
            "Write authOptions: {mode: token}, and recreate the pods; or read the Secret that you made:",
            "$ kubectl get secret NAME -o jsonpath='{.data.auth_token}' | base64 -d",
        ),
        sources=("kuberay: kubectl-plugin/pkg/cmd/get/get_token.go", "PR kuberay#4218"),
    ),
    _event(
        "kuberay-secret-without-key",
        "secret … does not have an auth_token",
        r"secret \S{1,200} does not have an auth_token",
        "secret default/prod does not have an auth_token",
        since="1.5.1",
        says="kubectl ray get token",
        cause="A Secret with the cluster's name was there before, for something else: KubeRay took it as it was.",
        fix=("Rename that Secret, or use authOptions.secretName (KubeRay 1.6) with the key auth_token.",),
        sources=("kuberay: kubectl-plugin/pkg/cmd/get/get_token.go",),
    ),
    _event(
        "kuberay-cleanup-failed",
        "The Redis cleanup Job has failed",
        "The Redis cleanup Job has failed",
        "The Redis cleanup Job has failed, requeue the RayCluster CR after 5 minute.",
        says="KubeRay's operator",
        cause=(
            "A RayCluster with an external Redis is being deleted, and the Job cannot log in there, "
            "or may not scan and "
            "delete. Until it can, the cluster stays in Terminating."
        ),
        fix=(
            "Allow it on the namespace's keys:",
            "$ redis-cli ACL SETUSER ray +scan +del",
            "If the data may stay: remove the finalizer ray.io/gcs-ft-redis-cleanup-finalizer.",
        ),
        sources=("kuberay: ray-operator/controllers/ray/raycluster_controller.go", "kuberay#4767", "kuberay#1557"),
    ),
    _event(
        "kuberay-waiting-for-gcs",
        "Still waiting for GCS to be ready",
        "(?:Still waiting|Waiting) for GCS to be ready",
        "65 seconds elapsed: Still waiting for GCS to be ready.",
        says="the init container wait-gcs-ready of a worker",
        cause="The head's GCS is not up, or refuses: token mode on one side only looks like this too.",
        fix=(
            "Look at the head first, then compare RAY_AUTH_MODE and RAY_AUTH_TOKEN in both pods:",
            "$ kubectl logs HEAD-POD -c ray-head | shim explain -",
        ),
        sources=("kuberay: ray-operator/controllers/ray/common/pod.go",),
        symptom=True,
    ),
)
