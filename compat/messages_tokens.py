"""Errors of token authentication."""

from __future__ import annotations

from compat.message import message

_CONSTANTS = "ray/_private/authentication/authentication_constants.py"
_SETUP = "ray/_private/authentication/authentication_token_setup.py"
_LOADER = "src/ray/rpc/authentication/authentication_token_loader.cc"
_HTTP = "ray/_private/authentication/http_token_authentication.py"
_RUNS = "runs of 2.52.0, 2.60.0"
_COMPARE = (
    "Compare fingerprints on this host and on the head:",
    "$ shim token show",
    "Where they differ, fetch the cluster's token with the legacy password, or copy it:",
    "$ shim token fetch --address=HEAD:6379",
    "$ scp HEAD:.ray/auth_token ~/.ray/auth_token && chmod 600 ~/.ray/auth_token",
    "Then start this process again with the mode set: RAY_AUTH_MODE=token.",
)
_GET = (
    "Fetch the cluster's token (a new one of your own does not fit a cluster that runs):",
    "$ shim token fetch --address=HEAD:6379",
    "Only for a cluster that does not run yet, make one:",
    "$ shim token generate",
    "$ export RAY_AUTH_MODE=token",
)

MESSAGES = (
    message(
        "token-missing",
        "Token authentication is enabled but no authentication token was found",
        "(?:Token authentication is enabled but (?:no authentication token was found|no token was found|"
        "Ray couldn't find an authentication token)|Unauthorized: Missing authentication token)",
        "ray.exceptions.AuthenticationError: Token authentication is enabled but no authentication token was found.. "
        "Ensure that the token for the cluster is available in a local file",
        "RuntimeError: Token authentication is enabled but no authentication token was found. Please provide an "
        "authentication token using one of these methods:",
        "Token authentication is enabled but Ray couldn't find an authentication token. Set the RAY_AUTH_TOKEN "
        "environment variable, or set RAY_AUTH_TOKEN_PATH to point to a file with the token, or create a token file at "
        "~/.ray/auth_token.",
        "Token authentication is enabled but Ray couldn't find an authentication token. Create a token file at "
        "~/.ray/auth_token, or store the token in any file and set RAY_AUTH_TOKEN_PATH to point to it, or set the "
        "RAY_AUTH_TOKEN environment variable.",
        "Token authentication is enabled but no token was found. Requests to authenticated clusters will fail.",
        "HTTP 401: Unauthorized: Missing authentication token",
        says="Ray; the dashboard and the Jobs API (401)",
        since="2.52.0",
        cause=(
            "The cluster asks for a token, and this process has none: not in RAY_AUTH_TOKEN, not in the file that "
            "RAY_AUTH_TOKEN_PATH names, not in ~/.ray/auth_token (of this user, on this host)."
        ),
        fix=_GET,
        sources=(_CONSTANTS, _SETUP, _HTTP, _LOADER, _RUNS),
    ),
    message(
        "token-load-failed",
        "Failed to load authentication token",
        "Failed to load authentication token. To generate a token for local development",
        "RuntimeError: Failed to load authentication token. To generate a token for local development, use "
        "`ray get-auth-token --generate`. For remote clusters, ensure that the token is propagated to all nodes of the "
        "cluster when token authentication is enabled.",
        says="ray start",
        since="2.52.0",
        until="2.52.1",
        cause="RAY_AUTH_MODE=token is set, and this host has no token. `ray start` never makes one by itself.",
        fix=_GET,
        sources=("ray/scripts/scripts.py of 2.52.1", "PR ray#58831"),
    ),
    message(
        "token-wrong-http",
        "Forbidden: Invalid authentication token",
        "(?:Forbidden: Invalid authentication token|"
        "Token authentication is enabled but the authentication token is invalid or incorrect)",
        "ray.exceptions.AuthenticationError: Authentication failed: Forbidden: Invalid authentication token",
        "Token authentication is enabled but the authentication token is invalid or incorrect.",
        says="the dashboard and the Jobs API (403)",
        since="2.52.0",
        cause=(
            "A token was sent, but not this cluster's. A header `bearer …` in lower case, a bare token, or another "
            "Authorization header before it (a proxy's Basic login) is refused the same way."
        ),
        fix=(*_COMPARE, "Behind a proxy that needs Authorization itself, send X-Ray-Authorization: Bearer …"),
        sources=(_CONSTANTS, _HTTP, _RUNS, "kuberay#4213"),
    ),
    message(
        "token-refused-grpc",
        "InvalidAuthToken: Authentication token is missing or incorrect",
        "InvalidAuthToken: Authentication token is missing or incorrect",
        "[2026-06-17 12:09:46,886 W 1 1] gcs_client.cc:205: Failed to get cluster ID from GCS server: Unauthenticated: "
        "RPC error: InvalidAuthToken: Authentication token is missing or incorrect",
        says="GCS, raylets and workers (gRPC UNAUTHENTICATED)",
        since="2.52.0",
        cause=(
            "One side asks for a token, the other sent none or another one. Most often "
            "RAY_AUTH_MODE=token is missing on "
            "this side: then nothing is sent at all, even if the token file is there."
        ),
        fix=("Set the mode on every process:", "$ export RAY_AUTH_MODE=token", *_COMPARE),
        sources=("strings of the gcs_server of 2.52.1 to 2.60.0", "ray#64186", "kuberay#4922"),
    ),
    message(
        "token-refused-python",
        "Invalid or missing authentication token",
        "Invalid or missing authentication token",
        'details = "Invalid or missing authentication token"',
        says="Ray's Python servers: Ray Client, agents (gRPC UNAUTHENTICATED)",
        since="2.52.0",
        cause="The same as InvalidAuthToken: no token was sent, or another cluster's.",
        fix=("Set the mode on every process:", "$ export RAY_AUTH_MODE=token", *_COMPARE),
        sources=("ray/_private/authentication/grpc_authentication_server_interceptor.py",),
    ),
    message(
        "token-mode-off-here",
        "Note: RAY_AUTH_MODE is currently 'disabled' (not 'token')",
        "RAY_AUTH_MODE is currently '(?P<mode>disabled|k8s|unknown)'",
        "Note: RAY_AUTH_MODE is currently 'disabled' (not 'token'). Ensure that the token for the cluster is available",
        says="Ray, at the end of an AuthenticationError",
        since="2.53.0",
        cause=(
            "The cluster asks for a token, and this process is not in token mode, so it sends none. "
            "Unset, misspelt and "
            "`k8s` all mean off. (From 2.59 a head may turn the mode on by itself; workers and `ray status` do not.)"
        ),
        fix=("Set it here too:", "$ export RAY_AUTH_MODE=token"),
        sources=("ray/exceptions.py", "PR ray#58998", "PR ray#64755"),
    ),
    message(
        "token-path-unreadable",
        "RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is empty",
        "RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is empty",
        "RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is empty: ~/.ray/auth_token",
        says="Ray",
        since="2.52.0",
        cause=(
            "The file is missing, unreadable for this user, or its first line is blank. Ray does not "
            "expand ~ in it, and "
            "does not fall back to ~/.ray/auth_token."
        ),
        fix=(
            "Write the path out, and see that its first line is the token:",
            '$ export RAY_AUTH_TOKEN_PATH="$HOME/.ray/auth_token"; ls -l "$RAY_AUTH_TOKEN_PATH"',
            "Or let Ray look in the default place:",
            "$ unset RAY_AUTH_TOKEN_PATH",
        ),
        sources=(_LOADER, _RUNS),
    ),
    message(
        "token-none-to-show",
        "No authentication token found. Use ray `get-auth-token --generate` to create one.",
        "No authentication token found. Use ray `?get-auth-token --generate",
        "Error: No authentication token found. Use ray `get-auth-token --generate` to create one.",
        says="ray get-auth-token",
        since="2.52.0",
        cause="This user has no token on this host.",
        fix=_GET,
        sources=("ray/scripts/scripts.py",),
    ),
    message(
        "token-mode-needed",
        "Token authentication is not currently enabled",
        "Token authentication is not currently enabled. To enable token authentication, set",
        "Error: Token authentication is not currently enabled. To enable token authentication, set: export "
        "RAY_AUTH_MODE=token",
        says="ray get-auth-token",
        since="2.52.0",
        until="2.52.1",
        cause="In 2.52 the command works in token mode only; 2.53 dropped that (PR #58848).",
        fix=("Set it, and leave it set:", "$ export RAY_AUTH_MODE=token"),
        sources=("ray/scripts/scripts.py of 2.52.1", "PR ray#58848"),
    ),
    message(
        "token-not-enabled-dashboard",
        "Unauthorized: Token authentication is not enabled",
        "Unauthorized: Token authentication is not enabled",
        "Unauthorized: Token authentication is not enabled",
        says="the dashboard's /api/authenticate",
        since="2.52.0",
        cause="You log in at a dashboard whose cluster runs without token mode: it lets everybody in.",
        fix=("Restart the cluster in token mode:", "$ shim start --head", "$ RAY_AUTH_MODE=token ray start --head"),
        sources=("ray/dashboard/http_server_head.py",),
    ),
    message(
        "token-disabled-warning",
        "Token authentication is disabled for this Ray cluster",
        "Token authentication is disabled for this Ray cluster",
        "Token authentication is disabled for this Ray cluster. Anyone with network access to the cluster can run "
        "arbitrary code and access its data.",
        says="ray start --head",
        since="2.59.0",
        cause=(
            "RAY_AUTH_MODE is unset and no token was found, so the cluster is open. The warning's "
            "own advice, setting only "
            "the mode, is not enough: `ray start` makes no token."
        ),
        fix=("Both, before every start:", "$ shim token generate", "$ export RAY_AUTH_MODE=token"),
        sources=(_SETUP, "PR ray#64755"),
    ),
    message(
        "token-mode-in-system-config",
        "Set authentication mode can only be set with the `RAY_AUTH_MODE` environment variable",
        "authentication mode can only be set with the `?RAY_AUTH_MODE`? environment variable",
        "RuntimeError: Set authentication mode can only be set with the `RAY_AUTH_MODE` environment "
        "variable, not using "
        "the system_config.",
        says="ray.init, ray start",
        since="2.52.0",
        cause="The mode is read from the environment before any configuration is.",
        fix=("Take AUTH_MODE out of _system_config, and set the variable:", "$ export RAY_AUTH_MODE=token"),
        sources=(_SETUP,),
    ),
    message(
        "token-k8s-client",
        "Cannot initialize Kubernetes client for k8s authentication mode",
        "(?:Cannot initialize Kubernetes client for k8s authentication mode|"
        "Kubernetes client not initialized, K8s authentication failed)",
        "Cannot initialize Kubernetes client for k8s authentication mode.",
        "Kubernetes client not initialized, K8s authentication failed.",
        says="GCS",
        since="2.52.0",
        cause="Kubernetes tokens are on, but this process is in no pod, or its service account is not mounted.",
        fix=(
            "In KubeRay: authOptions.enableK8sTokenAuth: true with mode: token (KubeRay 1.6, Ray 2.55).",
            "Outside Kubernetes use the shared token:",
            "$ unset RAY_ENABLE_K8S_TOKEN_AUTH; export RAY_AUTH_MODE=token",
        ),
        sources=("strings of the 2.60.0 gcs_server", "PR ray#58497"),
    ),
    message(
        "token-k8s-review",
        "Kubernetes TokenReview request failed",
        "(?:Kubernetes (?:TokenReview|SubjectAccessReview) request failed|Kubernetes token review failed)",
        "Kubernetes TokenReview request failed.",
        "Kubernetes token review failed: unauthorized",
        "Kubernetes SubjectAccessReview request failed.",
        says="GCS",
        since="2.52.0",
        cause="The head's service account may not ask the API server whether a token is good.",
        fix=(
            "Bind system:auth-delegator to the head's service account:",
            "$ kubectl create clusterrolebinding ray-auth --clusterrole=system:auth-delegator --serviceaccount=NS:NAME",
        ),
        sources=("strings of the 2.60.0 gcs_server", "ray#64186", "the Kubernetes roles of TokenReview"),
    ),
    message(
        "token-k8s-forbidden",
        "… is not authorized to access RayCluster …",
        "is not authorized to access RayCluster",
        "User 'alice' is not authorized to access RayCluster 'prod'",
        says="GCS",
        since="2.54.0",
        cause="The Kubernetes token is good, but its user has no right to this RayCluster.",
        fix=("Give that user or service account a Role on rayclusters of this namespace, and a RoleBinding.",),
        sources=("strings of the 2.60.0 gcs_server", "PR ray#61644"),
    ),
    message(
        "token-k8s-account",
        "Kubernetes service account token not found or empty",
        "(?:Kubernetes service account token not found or empty at|Failed to read Kubernetes service "
        "account token from)",
        "Kubernetes service account token not found or empty at: /var/run/secrets/ray.io/serviceaccount/token",
        says="Ray",
        since="2.54.0",
        cause="RAY_ENABLE_K8S_TOKEN_AUTH is on, and the pod has no token mounted at that place.",
        fix=("Let KubeRay mount it (authOptions.enableK8sTokenAuth: true), or mount a projected token there.",),
        sources=("strings of the 2.60.0 _raylet.so",),
    ),
)
