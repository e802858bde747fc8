"""Spellings of Ray's Java side and of libraries on top of Ray."""

from __future__ import annotations

from .option import MODERN, Effect, LegacyOption, Where, eras
from .version import Version

OPTIONS = (
    LegacyOption(
        id="java-redis-password",
        spelling="-Dray.redis.password",
        names=("-Dray.redis.password", "ray.redis.password", "ray.redis.head-password"),
        where=Where.JAVA,
        command="java",
        since=Version(0, 6, 0),
        default="empty",
        eras=eras(
            ("0.6.0", Effect.PROTECTED, "The password of the cluster's Redis, for Java drivers and workers."),
            ("1.11.0", Effect.IGNORED, "Still passed to Java workers, in their argv; nothing checks it."),
        ),
        modern=MODERN,
        sources=(
            "ray: java/test.sh",
            "ray/_private/services.py",
            "run of 2.60.0",
            "since 0.6.0: not checked",
        ),
    ),
    LegacyOption(
        id="modin-redis-password",
        spelling="MODIN_REDIS_PASSWORD",
        names=("MODIN_REDIS_PASSWORD",),
        where=Where.ENV,
        default="random for every run",
        eras=eras(
            ("", Effect.LIVE, "Modin hands it to ray.init(_redis_password=…)."),
            ("1.11.0", Effect.IGNORED, "From this Ray on, what it is handed to checks nothing."),
        ),
        modern=f"Leave it out. {MODERN}",
        sources=("modin/config/envvars.py", "modin#1107"),
    ),
    LegacyOption(
        id="unidist-redis-password",
        spelling="UNIDIST_RAY_REDIS_PASSWORD",
        names=("UNIDIST_RAY_REDIS_PASSWORD",),
        where=Where.ENV,
        default="random for every run",
        eras=eras(
            ("", Effect.LIVE, "unidist hands it to ray.init(_redis_password=…)."),
            ("1.11.0", Effect.IGNORED, "From this Ray on, what it is handed to checks nothing."),
        ),
        modern=f"Leave it out. {MODERN}",
        sources=("unidist/config/backends/ray/envvars.py",),
    ),
)
