"""What the legacy password guarded in each release, and whether the tables say so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compat.options import Effect, look_up
from compat.ports import Protocol, ports
from shim.probe import grpc, resp
from shim.probe.answer import Verdict
from tests.releases.machine import GCS

if TYPE_CHECKING:
    from compat.releases import Release
    from compat.version import Version
    from tests.releases.machine import Machine

WRONG = "totally-wrong"
LET_IN = {"inside": True, "answer": 42}


def effect(option: str, ray: Version) -> Effect | None:
    """Return what the table says that an option did in a release."""
    [entry] = look_up(option)
    era = entry.era_at(ray)
    return era.effect if era else None


@pytest.fixture(scope="module")
def seconds_to_get_in(legacy_head: Machine, password: str) -> float:
    """Run a task with the right password; return how long that took."""
    began = time.monotonic()
    assert legacy_head.look("knock", legacy_head.address, password) == [LET_IN]
    return time.monotonic() - began


def test_wrong_password_gets_in_unless_the_tables_say_that_it_guards(
    legacy_head: Machine, ray: Version, said: Release, seconds_to_get_in: float
) -> None:
    patience = 180 if not said.password_guards else max(10, 3 * seconds_to_get_in)  # some retry for ever
    seen = legacy_head.look("knock", legacy_head.address, WRONG, timeout=patience)
    assert (LET_IN in seen) is not said.password_guards, seen
    for option in ("start-redis-password", "init-redis-password-hidden"):
        assert (effect(option, ray) is Effect.PROTECTED) is said.password_guards, option


def test_redis_runs_and_asks_for_the_password_only_where_the_tables_say_so(
    legacy_head: Machine, ray: Version, said: Release, password: str
) -> None:
    running = [pid for pid in legacy_head.host.pids() if Path(f"/proc/{pid}/comm").read_text() == "redis-server\n"]
    assert bool(running) is said.redis_started
    spoken = {port.protocol for port in ports(ray) if port.default == (GCS, GCS) and not port.env}
    assert spoken == {Protocol.RESP if said.redis_started else Protocol.GRPC}
    with legacy_head.host.inside():
        answers = talk(legacy_head.host.address, password)
        verdict = resp.stranger(legacy_head.host.address, GCS).verdict
    assert answers == (["NOAUTH", "WRONGPASS", "OK"] if said.password_guards else [])
    assert (verdict is Verdict.REFUSED) is said.password_guards


def talk(host: str, password: str) -> list[str]:
    """Ask, with nothing, with a wrong password and with the right one; return the first word of each answer."""
    try:
        with resp.connect(host, GCS) as session:
            answers = [session.call(*words) for words in (["PING"], ["AUTH", WRONG], ["AUTH", password])]
    except OSError:  # whoever listens there is no Redis
        return []
    return [str(answer).split()[0] for answer in answers]


def test_ray_client_is_open_to_everybody_who_reaches_it(legacy_head: Machine, ray: Version) -> None:
    [port] = (port for port in ports(ray) if port.role == "ray-client")
    assert port.default
    with legacy_head.host.inside():
        verdict = grpc.client(legacy_head.host.address, port.default[0], None).verdict
    assert (verdict is Verdict.OPEN) is (effect("client-password", ray) is Effect.OPEN)


def test_commands_take_the_password_as_the_tables_say(legacy_head: Machine, ray: Version, password: str) -> None:
    """Where it was live a wrong one fails; where it is ignored any will do; then the option is gone."""
    exits = {Effect.LIVE: False, Effect.IGNORED: True, Effect.REFUSED: False}
    era = effect("status-redis-password", ray)
    assert era
    patience = 10 if era is Effect.LIVE else 180  # some retry for ever
    done = legacy_head.ray("status", f"--address={legacy_head.address}", f"--redis_password={WRONG}", timeout=patience)
    assert (done.returncode == 0) is exits[era], done.stdout
    assert (done.returncode == 2) is (era is Effect.REFUSED), done.stdout
    if era is Effect.LIVE:
        right = legacy_head.ray("status", f"--address={legacy_head.address}", f"--redis_password={password}")
        assert right.returncode == 0, right.stdout
