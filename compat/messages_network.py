"""Connections that fail: addresses, Ray Client, TLS, versions."""

from __future__ import annotations

from compat.message import message
from compat.option import Product

_MODE = "$ export RAY_AUTH_MODE=token"

MESSAGES = (
    message(
        "client-timeout",
        "ConnectionError: ray client connection timeout",
        "(?:ray client connection timeout|Ray Client connection timed out)",
        "ConnectionError: ray client connection timeout",
        "UserWarning: Ray Client connection timed out. Ensure that the Ray Client port on the head node is reachable",
        says="ray.init('ray://…')",
        cause=(
            "Three causes look the same: the port is not Ray Client's 10001 (6379 and 8265 are "
            "others), a firewall, or a "
            "token cluster and a client that is not in token mode."
        ),
        fix=(
            "Use the right port, ray://HOST:10001, and see that it is reachable:",
            "$ nc -vz HOST 10001",
            "On a token cluster (2.52 and later):",
            _MODE,
            "$ shim token fetch --address=HOST:6379",
        ),
        sources=("ray/util/client/worker.py", "ray#46733", "ray#41158", "ray#51591", "run of 2.60.0"),
        symptom=True,
    ),
    message(
        "client-startup-failed",
        "Exception iterating responses: Server startup failed",
        "Exception iterating responses: Server startup failed",
        'details = "Exception iterating responses: Server startup failed."',
        says="Ray Client's proxy",
        until="1.10.0",
        cause="The server for this client could not log in at Ray's Redis: Ray Client fails with a "
        "password of your own.",
        fix=(
            "There is no fix in these releases (ray#17662). Run the driver on the head, or upgrade to 2.54 or later.",
        ),
        sources=("ray#17662",),
    ),
    message(
        "cluster-unreachable",
        "ConnectionError: Failed to connect to Ray cluster at HOST:PORT",
        "Failed to connect to Ray cluster at",
        "ConnectionError: Failed to connect to Ray cluster at 10.0.0.5:6379",
        says="ray.init",
        since="2.55.1",
        cause=(
            "No GCS answers there, or it refused this process. On 2.59 and later an explicit address "
            "does not turn token "
            "mode on, even if the token file is there, and looks like this."
        ),
        fix=("On a token cluster:", _MODE, "Otherwise see whether it is there:", "$ nc -vz HOST 6379"),
        sources=("ray/_private/worker.py of 2.60.0", "PR ray#64755", "run of 2.60.0"),
        symptom=True,
    ),
    message(
        "gcs-unreachable",
        "Unable to connect to GCS at HOST:PORT",
        "(?:Unable to connect to GCS at|Failed to connect to GCS at address|Failed to connect to GCS within)",
        "Unable to connect to GCS at 10.0.0.105:6379. Check that (1) Ray GCS with matching version "
        "started successfully at "
        "the specified address, and (2) there is no firewall setting preventing access.",
        "Failed to connect to GCS at address 127.0.0.1:8786 within 5 seconds.",
        says="Ray",
        since="1.11.0",
        cause="No GCS answers: the head is down, the port is another program's (an old Redis on 6379?), or a firewall.",
        fix=("On the head, see who listens:", "$ ss -ltnp 'sport = :6379'"),
        sources=("ray#24920", "PR ray#22528", "ray#39191"),
        symptom=True,
    ),
    message(
        "no-running-ray",
        "Could not find any running Ray instance",
        "Could not find any running Ray instance",
        "ConnectionError: Could not find any running Ray instance. Please specify the one to connect to by setting "
        "`--address` flag or `RAY_ADDRESS` environment variable.",
        says="ray.init('auto'), ray status",
        cause="No Ray was started on this host by this user, or its session folder is elsewhere (a "
        "container, another /tmp).",
        fix=("Name the cluster:", "$ export RAY_ADDRESS=HOST:6379"),
        sources=("ray/_private/services.py",),
        symptom=True,
    ),
    message(
        "already-running",
        "Ray is trying to start at …, but is already running at …",
        "(?:Ray is trying to start at [^\n]{1,120} but is already running at|Ray is already running at)",
        "ConnectionError: Ray is trying to start at 10.0.0.5:6379, but is already running at "
        "10.0.0.5:6379. Please specify a "
        "different port using the `--port` flag of `ray start` command.",
        "ConnectionError: Ray is already running at 10.0.0.5:6379. Please specify a different port",
        says="ray start --head",
        since="1.0.1",
        cause="An older head runs, or a part of it: after a killed GCS the raylet lives for another minute.",
        fix=("If shim started it:", "$ shim stop", "Otherwise (this ends every Ray of the machine):", "$ ray stop"),
        sources=("ray/scripts/scripts.py", "run of 2.60.0"),
    ),
    message(
        "wrong-cluster-id",
        "WrongClusterID: Perhaps the client is accessing GCS after it has restarted",
        r"WrongClusterID\b(?:: Perhaps the client is accessing GCS after it has restarted)?",
        "WrongClusterID: Perhaps the client is accessing GCS after it has restarted.",
        says="GCS",
        since="2.7.0",
        cause=(
            "The head was started anew and is another cluster now; this process still belongs to the "
            "old one. It comes as "
            "an AuthenticationError with advice about tokens, but has nothing to do with them."
        ),
        fix=(
            "Restart this process (worker, driver, autoscaler).",
            "So that a cluster keeps its id, keep its data: start the head on the same control store:",
            "$ shim start --head",
        ),
        sources=("strings of the 2.60.0 _raylet.so", "PR ray#60860", "ray#34763"),
    ),
    message(
        "version-mismatch",
        "Version mismatch: The cluster was started with …",
        "(?:Version mismatch: The cluster was started with|Ray version mismatch: cluster has Ray version)",
        "RuntimeError: Version mismatch: The cluster was started with:\n    Ray: 2.52.0\n    Python: "
        "3.11.9\nThis process on "
        "node 10.0.0.6 was started with:\n    Ray: 2.60.0\n    Python: 3.11.9",
        "RuntimeError: Ray version mismatch: cluster has Ray version 2.52.0 but local Ray version is 2.60.0",
        says="ray.init, ray start, ray health-check",
        cause="All nodes and drivers need the same Ray, and the same minor Python.",
        fix=("Install the cluster's version here:", "$ pip install 'ray==VERSION'"),
        sources=("ray/_private/utils.py", "ray/scripts/scripts.py of 2.60.0"),
    ),
    message(
        "raylet-socket",
        "Could not connect to socket …",
        r"Could not connect to socket \S{1,200}",
        "Check failed: status_.ok() IOError: Could not connect to socket /tmp/ray/session_latest/sockets/raylet",
        says="workers and drivers (1.10.0 has it; later ones were not looked at)",
        cause="The raylet of this node died, often because it could not log in at Redis; or /tmp/ray "
        "belongs to another user.",
        fix=("Its own log says why:", "$ tail -n 50 /tmp/ray/session_latest/logs/raylet.{out,err} | shim explain -"),
        sources=("strings of the 1.10.0 _raylet.so",),
        symptom=True,
    ),
    message(
        "node-timed-out",
        "The current node timed out during startup",
        "The current node timed out during startup",
        "Exception: The current node timed out during startup. This could happen because some of the "
        "raylet failed to startup "
        "or the GCS has become overloaded.",
        says="ray start",
        cause="The raylet did not register in time: a slow machine, or the GCS refused its token.",
        fix=(
            "A refusal stands in the raylet's log:",
            "$ grep -h InvalidAuthToken /tmp/ray/session_latest/logs/*",
            "A slow machine needs more time: RAY_raylet_start_wait_time_s=150.",
        ),
        sources=("ray/_private/node.py of 2.60.0",),
        symptom=True,
    ),
    message(
        "grpc-unauthenticated",
        "StatusCode.UNAUTHENTICATED",
        r"StatusCode\.UNAUTHENTICATED",
        "status = StatusCode.UNAUTHENTICATED",
        says="gRPC",
        since="2.52.0",
        cause="The server asks for a token; none was sent, or another cluster's.",
        fix=("Set the mode, and compare the tokens:", _MODE, "$ shim token show"),
        sources=("runs of 2.52.0, 2.60.0",),
        symptom=True,
    ),
    message(
        "grpc-tls-one-side",
        "SSL_ERROR_SSL … WRONG_VERSION_NUMBER",
        r"(?:SSL_ERROR_SSL[\s\S]{0,200}?WRONG_VERSION_NUMBER|\[SSL: WRONG_VERSION_NUMBER\])",
        "Handshake failed with fatal error SSL_ERROR_SSL: error:100000f7:SSL "
        "routines:OPENSSL_internal:WRONG_VERSION_NUMBER.",
        "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number",
        says="gRPC, Python",
        of=Product.OTHER,
        cause="One side speaks TLS, the other does not: RAY_USE_TLS=1 (or https://, rediss://) on one side only.",
        fix=(
            "Set the same on every process: RAY_USE_TLS, RAY_TLS_SERVER_CERT, RAY_TLS_SERVER_KEY, RAY_TLS_CA_CERT.",
            "The dashboard speaks plain http:// in any case.",
        ),
        sources=("grpc#9538", "grpc#20858"),
    ),
    message(
        "grpc-tls-name",
        "No match found for server name",
        "No match found for server name",
        "ssl_transport_security.cc:1910] No match found for server name: 127.0.0.1.",
        says="gRPC",
        of=Product.OTHER,
        cause="The certificate of a Ray process does not hold the address that it is reached at (127.0.0.1 too).",
        fix=("Put every address of the host, and 127.0.0.1, into the certificate's subjectAltName.",),
        sources=("ray#39191",),
    ),
)
