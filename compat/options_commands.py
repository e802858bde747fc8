"""Legacy options of every ``ray`` command but ``start``."""

from __future__ import annotations

from .option import MODERN, Effect, LegacyOption, Where, eras
from .version import Version

_SCRIPTS = "ray/scripts/scripts.py of the wheels"


def _redis_password(command: str, since: str, *sources: str) -> LegacyOption:
    return LegacyOption(
        id=f"{command}-redis-password",
        spelling=f"ray {command} --redis_password",
        names=("--redis_password", "--redis-password"),
        where=Where.CLI,
        command=f"ray {command}",
        since=Version.parse(since),
        until=Version(2, 40, 0),
        default="5241590000000000; empty from 2.3.0",
        eras=eras(
            (since, Effect.LIVE, "The password of the cluster's Redis: AUTH. Spelt with an underscore."),
            ("1.11.0", Effect.IGNORED, "Ray starts no Redis: any value works."),
            ("2.41.0", Effect.REFUSED, "Error: No such option: --redis_password (exit code 2)"),
        ),
        modern=f"ray {command} with {MODERN}",
        sources=(_SCRIPTS, *sources),
    )


def _never_had_a_password(command: str) -> LegacyOption:
    return LegacyOption(
        id=f"{command}-password",
        spelling=f"ray {command} with a password",
        names=("--redis-password", "--redis_password"),
        where=Where.CLI,
        command=f"ray {command}",
        eras=eras(("", Effect.REFUSED, "It never had the option: it reaches the head through SSH.")),
        modern="Set the token mode on the head: what SSH starts there needs it.",
        sources=(_SCRIPTS,),
    )


OPTIONS = (
    _redis_password("memory", "0.8.7", "run of 2.60.0"),
    _redis_password("status", "1.2.0", "ray#15234", "run of 2.60.0"),
    _redis_password("health-check", "1.4.0", "run of 2.60.0"),
    LegacyOption(
        id="timeline-redis-address",
        spelling="ray timeline --redis-address",
        names=("--redis-address",),
        where=Where.CLI,
        command="ray timeline",
        since=Version(0, 6, 5),
        until=Version(0, 8, 0),
        eras=eras(
            ("0.6.5", Effect.LIVE, "The address of the cluster's Redis."),
            ("0.8.1", Effect.REFUSED, "Error: no such option: --redis-address (exit code 2)"),
        ),
        modern="ray timeline --address=HOST:PORT",
        sources=(_SCRIPTS,),
    ),
    LegacyOption(
        id="timeline-password",
        spelling="ray timeline with a password",
        names=("--redis-password", "--redis_password"),
        where=Where.CLI,
        command="ray timeline",
        eras=eras(
            (
                "",
                Effect.REFUSED,
                ("It never took one: on a cluster with a password of its own it failed with WRONGPASS (ray#16921)."),
            ),
            (
                "2.52.0",
                Effect.REFUSED,
                "It takes none, and in token mode needs none: it reads the token by itself.",
            ),
        ),
        modern=f"ray timeline with {MODERN}",
        sources=(_SCRIPTS, "ray#16921", "ray#13879"),
    ),
    LegacyOption(
        id="submit-password",
        spelling="ray submit with a password",
        names=("--redis-password", "--redis_password"),
        where=Where.CLI,
        command="ray submit",
        eras=eras(
            (
                "",
                Effect.NOT_READ,
                (
                    "It never had the option, and does not refuse it: after the script's name it goes to the script, "
                    "before it Ray takes it for the name of the cluster's file."
                ),
            )
        ),
        modern="Set the token mode on the head: what SSH starts there needs it.",
        sources=(_SCRIPTS, "runs of 1.4.1 to 2.60.0"),
    ),
    *(_never_had_a_password(command) for command in ("exec", "up", "down", "attach")),
    LegacyOption(
        id="stop-password",
        spelling="ray stop with a password",
        names=("--redis-password", "--redis_password"),
        where=Where.CLI,
        command="ray stop",
        eras=eras(("", Effect.REFUSED, "It never had the option: it ends this host's processes.")),
        modern="ray stop (it needs no token either)",
        sources=(_SCRIPTS,),
    ),
    LegacyOption(
        id="kuberay-autoscaler-redis-password",
        spelling="ray kuberay-autoscaler --redis-password",
        names=("--redis-password",),
        where=Where.CLI,
        command="ray kuberay-autoscaler",
        since=Version(1, 12, 0),
        until=Version(1, 13, 0),
        default="empty",
        eras=eras(
            ("1.12.0", Effect.IGNORED, "Written by the operator, not by people. Ray starts no Redis."),
            ("2.0.0", Effect.REFUSED, "Error: No such option: --redis-password (exit code 2)"),
        ),
        modern="Leave it out.",
        sources=(_SCRIPTS,),
    ),
    LegacyOption(
        id="stat",
        spelling="ray stat, ray statistics",
        names=("stat", "statistics"),
        where=Where.CLI,
        command="ray stat",
        since=Version(0, 8, 1),
        until=Version(0, 8, 7),
        eras=eras(
            ("0.8.1", Effect.LIVE, "Printed what the raylets count."),
            ("1.0.0", Effect.REFUSED, "Error: No such command 'stat'. (exit code 2)"),
        ),
        modern="ray memory --stats-only, ray status",
        sources=(_SCRIPTS,),
    ),
)
