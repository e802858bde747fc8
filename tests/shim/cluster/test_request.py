"""What a person asked for is read for the Ray that is there; one that cannot keep strangers out is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compat.errors import LegacyError
from compat.version import Version
from shim.cluster.ray import RayInstallation
from shim.cluster.request import Role, refuse_old_ray, without_password
from shim.errors import ShimError, UsageError
from shim.secret import Secret
from tests.shim.cluster.conftest import STRONG, Ask

PASSWORD = f"--redis-password={STRONG}"


def ray(version: str) -> RayInstallation:
    return RayInstallation(Path("/r/bin/ray"), Path("/r/bin/python"), Version.parse(version))


@pytest.mark.parametrize("version", ["0.8.7", "1.10.0", "2.0.0", "2.51.2"])
@pytest.mark.parametrize("accepted", [False, True])
def test_a_ray_without_tokens_is_refused_and_the_upgrade_named(version: str, accepted: bool) -> None:
    with pytest.raises(ShimError, match=rf"Ray {version} \(/r/bin/ray\) has no token authentication") as caught:
        refuse_old_ray(ray(version), accepted)
    assert caught.value.fix.startswith("/r/bin/python -m pip install --upgrade 'ray[default]>=2.54'")


@pytest.mark.parametrize("version", ["2.52.0", "2.52.1", "2.53.0"])
def test_a_ray_with_an_open_agent_is_refused_unless_accepted_by_name(version: str) -> None:
    with pytest.raises(ShimError, match="52365") as caught:
        refuse_old_ray(ray(version), accepted=False)
    assert "--accept-open-agent-port" in caught.value.fix
    refuse_old_ray(ray(version), accepted=True)


@pytest.mark.parametrize("version", ["2.54.0", "2.54.0rc1", "2.60.0", "2.61.0", "3.0.0.dev0"])
def test_a_whole_ray_passes(version: str) -> None:
    refuse_old_ray(ray(version), accepted=False)


def stub(folder: Path, version: str) -> Path:
    """Make a Ray that can be asked for its version, and no more."""
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\necho {version}\n")
    program = folder / "ray"
    program.write_text(f"#!{python}\n")
    for path in (python, program):
        path.chmod(0o755)
    return program


def test_the_ray_that_is_named_is_the_one_that_is_judged(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(ShimError, match=r"Ray 2\.9\.3"):
        ask("--head", ray_bin=str(stub(tmp_path, "2.9.3")))
    with pytest.raises(ShimError, match=r"Ray 2\.53\.0"):
        ask("--head", ray_bin=str(stub(tmp_path, "2.53.0")))
    accepted = ask("--head", ray_bin=str(stub(tmp_path, "2.53.0")), accept_open_agent_port=True)
    assert accepted.ray.version == Version.parse("2.53.0")


def test_an_old_ray_is_named_before_its_command_line_is_picked_at(ask: Ask, tmp_path: Path) -> None:
    """Otherwise people mend options for a Ray that cannot be used anyhow."""
    with pytest.raises((ShimError, LegacyError)):
        ask("--head", "--redis-prot=1", ray_bin=str(stub(tmp_path, "2.9.3")))


@pytest.mark.parametrize(
    "argv",
    [
        (PASSWORD,),
        ("--redis-password", STRONG),
        (f"--redis_password={STRONG}",),
        ("--redis_password", STRONG, PASSWORD),
    ],
)
def test_every_spelling_gives_the_password_and_none_reaches_ray(argv: tuple[str, ...], ask: Ask) -> None:
    request = ask("--head", *argv)
    assert request.password == Secret(STRONG)
    assert STRONG not in " ".join(request.command.ray_args)


def test_the_variable_gives_the_password(ask: Ask) -> None:
    assert ask("--head", environ={"RAY_REDIS_PASSWORD": STRONG}).password == Secret(STRONG)
    assert ask("--head", environ={"REDIS_PASSWORD": STRONG}).password is None  # may be another program's


def test_two_places_that_disagree_are_refused_without_showing_either(ask: Ask) -> None:
    with pytest.raises((UsageError, LegacyError)) as caught:
        ask("--head", PASSWORD, environ={"RAY_REDIS_PASSWORD": "another-one"})
    assert STRONG not in str(caught.value)
    assert "another-one" not in str(caught.value)


def test_a_place_of_shims_own_that_disagrees_is_refused(ask: Ask, ray_bin: Path, own_home: Path) -> None:
    from shim.cluster.request import Choices, read_request

    def read(*more: str) -> Secret | None:
        argv = ["--head", PASSWORD]
        return read_request(argv, Choices(ray_bin=str(ray_bin)), {}, own_home, more_passwords=more).password

    assert read(STRONG) == Secret(STRONG)
    with pytest.raises(UsageError, match="Two places give different Redis passwords"):
        read("another-one")


def test_nothing_shows_the_password(ask: Ask) -> None:
    environ = {"RAY_REDIS_PASSWORD": STRONG}
    request = ask("--head", PASSWORD, environ=environ, store=f"redis://u:{STRONG}@store:6379")
    assert STRONG not in repr(request)
    assert STRONG not in " ".join(request.summary())
    assert STRONG not in " ".join(map(str, request.command.notes))


def test_the_summary_tells_one_request_from_another(ask: Ask) -> None:
    one = ask(
        "--head", PASSWORD, "--num-cpus=3", store="redis://u:pw@store:6379", join_port=1, store_port=2, join=False
    )
    assert one.summary() == (
        "--head", "--num-cpus=3", "--store=redis://***@store:6379", "--join-port=1", "--store-port=2", "--no-join",
        "(with a Redis password)",
    )  # fmt: skip
    assert ask("--head").summary() == ("--head", "(token only)")
    spellings = (ask("--head", PASSWORD, "--redis-port=7000"), ask("--head", "--port=7000", PASSWORD))
    assert spellings[0].summary() == spellings[1].summary()


@pytest.mark.parametrize(
    ("store", "shown"),
    [
        ("auto", "auto"),
        ("redis://store:6379", "redis://store:6379"),
        ("rediss://u:p@store:6380", "rediss://***@store:6380"),
        ("redis://:p@ss@store", "redis://***@store"),
        ("redis://u:p/w@store/0", "redis://***@store/0"),
    ],
)
def test_a_store_is_shown_without_its_password(store: str, shown: str) -> None:
    assert without_password(store) == shown


def test_roles_ports_and_flags_are_read(ask: Ask) -> None:
    head, worker = ask("--head", "--redis-port=7000", "--block"), ask("--address=head:6379")
    assert (head.command.role, head.port("port"), head.port("dashboard-port"), head.blocks) == (
        Role.HEAD,
        7000,
        None,
        True,
    )
    assert (worker.command.role, worker.blocks) == (Role.WORKER, False)
    with pytest.raises(UsageError, match="--dashboard-port=x"):
        ask("--head", "--dashboard-port=x").port("dashboard-port")


def test_a_misspelt_option_of_ours_is_recognized(ray_bin: Path, own_home: Path) -> None:
    from shim.cluster.request import Choices, read_request

    with pytest.raises(LegacyError) as caught:
        read_request(["--head", "--join-prt=7"], Choices(str(ray_bin)), {}, own_home, own_options=["--join-port"])
    assert "--join-port" in caught.value.fix


def test_a_request_can_be_replaced_but_not_changed(ask: Ask) -> None:
    request = ask("--head")
    assert replace(request, password=Secret("x")).password == Secret("x")
    with pytest.raises(AttributeError):
        request.password = None  # type: ignore[misc]
