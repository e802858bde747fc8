"""Token authentication: its variables, and what tutorials made of them."""

from __future__ import annotations

from .option import MODERN, Effect, LegacyOption, Where, eras
from .version import Version

_LOADER = "src/ray/rpc/authentication/authentication_token_loader.cc"
_PROBED = "runs of 2.52.0, 2.60.0"

OPTIONS = (
    LegacyOption(
        id="env-ray-auth-mode",
        spelling="RAY_AUTH_MODE=token",
        names=("RAY_AUTH_MODE",),
        where=Where.ENV,
        since=Version(2, 52, 0),
        default="unset: off. From 2.59 unset means on for ray.init(), and for a head that finds a token",
        eras=eras(
            (
                "2.52.0",
                Effect.PROTECTED,
                (
                    "Every gRPC and HTTP port asks for the token, except the dashboard agent's 52365,"
                    " where a stranger runs commands. Any other value than `token`, a misspelt one "
                    "too, silently means off."
                ),
            ),
            ("2.54.0", Effect.PROTECTED, "Port 52365 asks too. A misspelt value still silently means off."),
            (
                "2.59.0",
                Effect.PROTECTED,
                ("Left unset, a head that finds a token turns it on and its workers do not: set it for every process."),
            ),
        ),
        modern="This is the modern form: set it everywhere, head, workers and clients.",
        sources=("ray#58408", "PR ray#64755", _PROBED),
    ),
    LegacyOption(
        id="env-ray-auth-token",
        spelling="RAY_AUTH_TOKEN",
        names=("RAY_AUTH_TOKEN",),
        where=Where.ENV,
        since=Version(2, 52, 0),
        eras=eras(
            (
                "2.52.0",
                Effect.LIVE,
                ("The token itself; looked up first. Empty counts as unset, white space does not: it is an error."),
            )
        ),
        modern="RAY_AUTH_TOKEN_PATH: a path leaks nothing.",
        sources=(_LOADER, _PROBED),
    ),
    LegacyOption(
        id="env-ray-auth-token-path",
        spelling="RAY_AUTH_TOKEN_PATH",
        names=("RAY_AUTH_TOKEN_PATH",),
        where=Where.ENV,
        since=Version(2, 52, 0),
        eras=eras(
            (
                "2.52.0",
                Effect.LIVE,
                (
                    "The file with the token; looked up second, before ~/.ray/auth_token. Only its "
                    "first line counts, ~ is not expanded, and a missing file is an error even if the"
                    " default file exists: RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is"
                    " empty"
                ),
            )
        ),
        modern="This is the modern form.",
        sources=(_LOADER, _PROBED),
    ),
    LegacyOption(
        id="token-file",
        spelling="~/.ray/auth_token",
        names=("~/.ray/auth_token", ".ray/auth_token", "auth_token"),
        where=Where.OTHER,
        since=Version(2, 52, 0),
        eras=eras(
            (
                "2.52.0",
                Effect.LIVE,
                (
                    "The file with the token; looked up last. Ray's own generator leaves it readable "
                    "for everyone (0644)."
                ),
            )
        ),
        modern="This is the modern form; `shim token generate` writes it 0600.",
        sources=(_LOADER, "ray/_private/authentication/authentication_token_setup.py", _PROBED),
    ),
    LegacyOption(
        id="get-auth-token",
        spelling="ray get-auth-token",
        names=("get-auth-token",),
        where=Where.CLI,
        command="ray get-auth-token",
        since=Version(2, 52, 0),
        eras=eras(
            (
                ("2.52.0"),
                Effect.LIVE,
                "Prints the token, with --generate makes one; fails unless RAY_AUTH_MODE=token.",
            ),
            (
                "2.53.0",
                Effect.LIVE,
                (
                    "The same without RAY_AUTH_MODE. Its error: No authentication token found. Use "
                    "ray `get-auth-token --generate` to create one."
                ),
            ),
        ),
        modern="Unchanged, or `shim token show`.",
        sources=("ray/scripts/scripts.py", "PR ray#58848"),
    ),
    LegacyOption(
        id="env-ray-address-dashboard",
        spelling="RAY_ADDRESS=HOST:8265",
        names=("RAY_ADDRESS=HOST:8265",),
        where=Where.ENV,
        eras=eras(
            (
                "",
                Effect.MISLEADING,
                ("8265 is the dashboard. `ray job` wants http:// before it; ray.init() wants the GCS, HOST:6379."),
            )
        ),
        modern="RAY_ADDRESS=HOST:6379 for drivers; RAY_API_SERVER_ADDRESS=http://HOST:8265 for `ray job`",
        sources=("public example scripts",),
    ),
    LegacyOption(
        id="env-enable-k8s-token-auth",
        spelling="RAY_ENABLE_K8S_TOKEN_AUTH",
        names=("RAY_ENABLE_K8S_TOKEN_AUTH",),
        where=Where.ENV,
        since=Version(2, 54, 0),
        default="false",
        eras=eras(
            (
                "2.54.0",
                Effect.PROTECTED,
                "With RAY_AUTH_MODE=token: Kubernetes checks each token (TokenReview). Documented from 2.55.",
            )
        ),
        modern="This is the modern form; under KubeRay authOptions.enableK8sTokenAuth.",
        sources=("PR ray#59621", "strings of the gcs_server of 2.53.0 and 2.54.1", "ray#64186"),
    ),
    LegacyOption(
        id="env-ray-auth-mode-k8s",
        spelling="RAY_AUTH_MODE=k8s",
        names=("RAY_AUTH_MODE=k8s",),
        where=Where.ENV,
        since=Version(2, 52, 0),
        until=Version(2, 53, 0),
        eras=eras(
            ("2.52.0", Effect.PROTECTED, "Kubernetes checks each token. Undocumented, and little tested."),
            (
                "2.54.0",
                Effect.MISLEADING,
                "No such mode any more: it silently means off, and the cluster is open.",
            ),
        ),
        modern="RAY_AUTH_MODE=token and RAY_ENABLE_K8S_TOKEN_AUTH=true",
        sources=("PR ray#58497", "PR ray#59621", "run of 2.60.0"),
    ),
    LegacyOption(
        id="env-ray-auth-mode-lower-case",
        spelling="RAY_auth_mode",
        names=("RAY_auth_mode",),
        where=Where.ENV,
        eras=eras(
            (
                "",
                Effect.NOT_READ,
                "The name before the first release (renamed by ray#58408): the cluster stays open.",
            )
        ),
        modern="RAY_AUTH_MODE=token",
        sources=("PR ray#58408", "run of 2.60.0"),
    ),
    LegacyOption(
        id="env-ray-token",
        spelling="RAY_TOKEN",
        names=("RAY_TOKEN",),
        where=Where.ENV,
        eras=eras(
            (
                "",
                Effect.NOT_READ,
                ("No Ray reads it. With RAY_AUTH_MODE=token the real token comes from elsewhere, or is missing."),
            )
        ),
        modern="RAY_AUTH_TOKEN_PATH, or RAY_AUTH_TOKEN",
        sources=("public example scripts; no wheel has it",),
    ),
    LegacyOption(
        id="system-config-auth-mode",
        spelling="_system_config={'AUTH_MODE': …}",
        names=("AUTH_MODE",),
        where=Where.PYTHON,
        command="ray.init",
        eras=eras(
            ("", Effect.NOT_READ, "Ray has no such setting yet."),
            (
                "2.52.0",
                Effect.REFUSED,
                (
                    "RuntimeError: Set authentication mode can only be set with the `RAY_AUTH_MODE` "
                    "environment variable, not using the system_config."
                ),
            ),
        ),
        modern="RAY_AUTH_MODE=token",
        sources=("ray/_private/authentication/authentication_token_setup.py",),
    ),
    LegacyOption(
        id="gcs-localhost",
        spelling='"The GCS binds to localhost by default"',
        names=("GCS binds to localhost",),
        where=Where.OTHER,
        eras=eras(
            (
                "",
                Effect.MISLEADING,
                (
                    "It does not: GCS, raylets, workers and Ray Client listen on every address. The "
                    "dashboard alone binds to localhost, until --dashboard-host=0.0.0.0."
                ),
            )
        ),
        modern=f"{MODERN}, and a firewall",
        sources=("listeners of 1.10.0 and 2.60.0",),
    ),
)
