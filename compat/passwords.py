"""Passwords and tokens that everybody knows, because they are printed somewhere public."""

from __future__ import annotations

# Lower case. Each group names its source.
_FAMOUS = frozenset(
    {
        # Ray's own default, 0.8.1 to 2.2: REDIS_DEFAULT_PASSWORD in ray/_private/ray_constants.py; also in
        # KubeRay's samples with external Redis.
        "5241590000000000",
        # KubeRay: redis-password in the operator's sample clusters and tests.
        "letmeinray",
        # KubeRay: the comment in config/samples/ray-cluster.auth-manual.yaml, a token.
        "raycluster_secret",
        # Ray: java/test.sh and many scripts since.
        "123456",
        # Ray: the page on GCS fault tolerance (`ray start --head --redis-password PASSWORD`), and its copies.
        "password",
        # redis.conf: the sample of requirepass.
        "foobared",
        # Public READMEs and scripts that start a Ray cluster.
        "passwd",
        "pass",
        "test",
        "ray",
        "redis",
        "your_secure_password",
        "your-token",
        "your_token",
        # A command or a variable that no shell expanded (a quoted here-document, a template).
        "$(uuidgen)",
        "$redis_password",
        "${redis_password}",
        "$ray_redis_password",
        "$ray_token",
        # The head of every list of leaked passwords.
        "12345678",
        "123456789",
        "admin",
        "changeme",
        "default",
        "letmein",
        "let_me_in",
        "password123",
        "qwerty",
        "root",
        "secret",
    }
)


def is_famous(text: str) -> bool:
    """Tell whether a password or token is public. Case, and quotes, <> and space around it, do not count."""
    return text.strip().strip("'\"<>").strip().lower() in _FAMOUS
