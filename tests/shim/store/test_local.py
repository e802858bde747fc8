"""The control store of this host: what Ray's user may do, and what becomes of the data."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.errors import ShimError
from shim.probe.resp import connect
from shim.store import health, local, server
from shim.store.conversation import log_in, refusal, speak
from tests.shim.store.conftest import admin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.process import Process
    from shim.store.binary import Binary

KV = "RAYns1@KV"

ALLOWED: tuple[tuple[str, ...], ...] = (
    ("PING",),
    ("INFO", "SENTINEL"),
    ("INFO", "CLUSTER"),
    ("HSET", KV, "a", "1"),
    ("HSETNX", KV, "a", "2"),
    ("HGET", KV, "a"),
    ("HMGET", KV, "a", "b"),
    ("HSCAN", KV, "0"),
    ("HEXISTS", KV, "a"),
    ("HDEL", KV, "a"),
    ("INCRBY", "RAYns1@JobCounter", "1"),
    ("DEL", "DUMMY"),
)

DENIED: tuple[tuple[str, ...], ...] = (
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "save", ""),
    ("MODULE", "LIST"),
    ("MODULE", "LOAD", "/tmp/x.so"),
    ("DEBUG", "JMAP"),
    ("EVAL", "return 1", "0"),
    ("FUNCTION", "LIST"),
    ("SCRIPT", "FLUSH"),
    ("SLAVEOF", "NO", "ONE"),
    ("REPLICAOF", "NO", "ONE"),
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("SAVE",),
    ("BGSAVE",),
    ("BGREWRITEAOF",),
    ("SHUTDOWN", "NOSAVE"),
    ("MONITOR",),
    ("CLIENT", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("ACL", "LIST"),
    ("ACL", "WHOAMI"),
    ("ACL", "SETUSER", "ray", "+@all"),
    ("MIGRATE", "127.0.0.1", "1", KV, "0", "10"),
    ("DUMP", KV),
    ("RESTORE", KV, "0", "x"),
    ("RENAME", KV, "RAYns1@X"),
    ("SET", "RAYns1@X", "1"),
    ("GET", "RAYns1@JobCounter"),
    ("UNLINK", KV),
    ("PUBLISH", "c", "m"),
    ("SUBSCRIBE", "c"),
    ("PSYNC", "?", "-1"),
    ("SORT", KV),
    ("SELECT", "0"),
    ("SWAPDB", "0", "1"),
    ("CLUSTER", "INFO"),
    ("COMMAND",),
    ("HGET", "RAYns2@KV", "a"),
    ("HSET", "RAYns2@KV", "a", "1"),
    ("HGET", "RAYns1", "a"),
    ("HGET", "RAYns11@KV", "a"),
    ("HGET", "shim", "a"),
    ("HDEL", "RAYns2@KV", "a"),
    ("HMGET", "RAYns2@KV", "a"),
    ("HSCAN", "RAYns2@KV", "0"),
    ("INCRBY", "other", "1"),
    ("DEL", "other"),
)


def test_what_the_gcs_does_is_allowed(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        for command in ALLOWED:
            assert not refusal(session.call(*command)), command


def test_what_the_gcs_does_not_do_is_refused(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        for command in DENIED:
            refused = refusal(session.call(*command))
            assert re.match(r"NOPERM |ERR .*not allowed|ERR unknown command", refused), (command, refused)
        assert session.call("PING") == "PONG"


def test_ray_may_not_delete_its_own_keys_where_the_server_has_selectors(
    store: local.LocalStore, binary: Binary
) -> None:
    if not binary.at_least(7, 0):
        pytest.skip("Redis 6 cannot tie DEL to one key")
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        assert refusal(session.call("DEL", KV)).startswith("NOPERM")


def test_a_restart_keeps_the_data_under_fresh_passwords(store: local.LocalStore) -> None:
    process, first = local.start(store)
    first_admin = admin_of(store)
    with speak(store.port, first) as session:
        session.call("HSET", KV, "key", b"\x00\xff value")
    local.stop(process)
    local.stop(process)

    _, second = local.start(store)
    with connect("127.0.0.1", store.port) as session:
        assert log_in(session, first).startswith("WRONGPASS")
        assert log_in(session, first_admin).startswith("WRONGPASS")
        assert not log_in(session, second)
        assert session.call("HGET", KV, "key") == b"\x00\xff value"
        assert not log_in(session, admin_of(store))
        assert session.call("DBSIZE") == 1  # nothing of our own is left in it


def test_the_data_survives_kill_9(store: local.LocalStore) -> None:
    process, ray = local.start(store)
    with speak(store.port, ray) as session:
        session.call("HSET", KV, "key", "value")
    kill(process, store, b"value")
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        assert session.call("HGET", KV, "key") == b"value"


def kill(process: Process, store: local.LocalStore, written: bytes) -> None:
    """Kill a store once it has written: with everysec it may wait up to 2 s for an fsync that is under way."""
    while written not in newest_file(store).read_bytes():
        pass
    os.kill(process.pid, signal.SIGKILL)
    while process.is_alive():
        pass


def newest_file(store: local.LocalStore) -> Path:
    """Return the file that the server appends to."""
    files = [*store.data.glob("appendonlydir/*.incr.aof"), *store.data.glob("appendonly.aof")]
    assert len(files) == 1
    return files[0]


@pytest.mark.parametrize(
    "torn",
    [
        b"*4\r\n$4\r\nHSET\r\n$9\r\nRAYns1",
        b"*",
        b"*4\r\n$4\r\nHSET\r\n$9\r\n" + KV.encode() + b"\r\n$1\r\na\r\n$4\r\nva",
    ],
)
def test_a_torn_last_write_does_not_keep_the_store_from_starting(store: local.LocalStore, torn: bytes) -> None:
    process, ray = local.start(store)
    with speak(store.port, ray) as session:
        session.call("HSET", KV, "key", "value")
    kill(process, store, b"value")
    with newest_file(store).open("ab") as file:
        file.write(torn)
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        assert session.call("HSET", KV, "later", "1") == 1
        assert session.call("HGET", KV, "key") == b"value"


@pytest.fixture
def damaged(store: local.LocalStore) -> Path:
    """A store whose file has rubbish in the middle."""
    process, ray = local.start(store)
    with speak(store.port, ray) as session:
        for number in range(100):
            session.call("HSET", KV, f"key{number:03}", "value")
    local.stop(process)
    file = newest_file(store)
    data = bytearray(file.read_bytes())
    at = data.index(b"key050")
    data[at - 10 : at + 10] = b"x" * 20
    file.write_bytes(data)
    return file


def test_damaged_data_is_named_with_the_remedy(store: local.LocalStore, damaged: Path) -> None:
    before = damaged.read_bytes()
    with pytest.raises(ShimError, match="data is damaged") as caught:
        local.start(store)
    assert str(damaged) in caught.value.what
    assert f"mv {store.data} {store.data}.damaged" in caught.value.fix
    assert damaged.read_bytes() == before
    assert server.running(store.folder) is None


def test_the_remedy_for_damaged_data_works_as_it_is_written(store: local.LocalStore, damaged: Path) -> None:
    with pytest.raises(ShimError) as caught:
        local.start(store)
    command = re.search(r"\(.* --fix [^)]*\)", caught.value.fix)
    assert command is not None, caught.value.fix
    done = subprocess.run(["bash", "-c", command[0]], input=b"y\n", capture_output=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        assert session.call("HGET", KV, "key020") == b"value"
        assert session.call("HGET", KV, "key090") is None


def test_a_large_file_is_loaded_before_the_store_counts_as_started(store: local.LocalStore) -> None:
    process, _ = local.start(store)
    local.stop(process)
    command = b"*4\r\n$4\r\nHSET\r\n$%d\r\n%s\r\n$8\r\n%08d\r\n$64\r\n%s\r\n"
    with newest_file(store).open("ab") as file:
        file.writelines(command % (len(KV), KV.encode(), number, b"v" * 64) for number in range(300_000))
    _, ray = local.start(store)
    with speak(store.port, ray) as session:
        assert session.call("HGET", KV, "00299999") == b"v" * 64


@pytest.mark.parametrize(("first", "then"), [("embedded", "native"), ("native", "embedded")])
def test_valkey_and_redis_read_each_others_data(
    first: str, then: str, native: Binary, embedded: Binary, tmp_path: Path, free_port: int
) -> None:
    servers = {"native": native, "embedded": embedded}
    store = local.LocalStore(tmp_path / "store", servers[first], free_port, "ns1", str(tmp_path))
    process, ray = local.start(store)
    with speak(store.port, ray) as session:
        session.call("HSET", KV, "key", "value")
    with speak(store.port, admin_of(store)) as session:
        session.call("BGREWRITEAOF")
        while b"aof_rewrite_in_progress:1" in session.call("INFO", "persistence"):  # type: ignore[operator]
            pass
    local.stop(process)
    process, ray = local.start(replace(store, binary=servers[then]))
    with contextlib.ExitStack() as stack:
        stack.callback(local.stop, process)
        session = stack.enter_context(speak(store.port, ray))
        assert session.call("HGET", KV, "key") == b"value"


def test_a_server_that_would_overlook_newer_data_is_refused(
    redis62: Binary, embedded: Binary, tmp_path: Path, free_port: int
) -> None:
    store = local.LocalStore(tmp_path / "store", embedded, free_port, "ns1", "")
    local.stop(local.start(store)[0])
    for attempt in (local.start, local.check):
        with pytest.raises(ShimError, match=r"written by a newer server than redis 6\.2"):
            attempt(replace(store, binary=redis62))


def test_newer_servers_take_over_the_data_of_redis_62(
    redis62: Binary, embedded: Binary, tmp_path: Path, free_port: int
) -> None:
    store = local.LocalStore(tmp_path / "store", redis62, free_port, "ns1", "")
    process, ray = local.start(store)
    with speak(store.port, ray) as session:
        session.call("HSET", KV, "key", "value")
    local.stop(process)
    process, ray = local.start(replace(store, binary=embedded))
    with speak(store.port, ray) as session:
        assert session.call("HGET", KV, "key") == b"value"
    local.stop(process)


def test_data_may_live_in_another_folder(store: local.LocalStore, tmp_path: Path) -> None:
    elsewhere = replace(store, data=tmp_path / "local disk" / "data")
    process, _ = local.start(elsewhere)
    assert [path for path in elsewhere.data.iterdir() if path.name.startswith("appendonly")]
    assert list((store.folder / "data").iterdir()) == []
    assert elsewhere.data.stat().st_mode & 0o777 == 0o700
    local.stop(process)


def test_no_password_is_where_others_look(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    admin = admin_of(store)
    with speak(store.port, ray) as session:
        session.call("EVAL", "return 1", "0")
    with connect("127.0.0.1", store.port) as session:
        session.call("AUTH", "ray", ray.password.reveal() + "x")
    found = {ray.password.reveal().encode(): [], admin.password.reveal().encode(): []}  # type: dict[bytes, list[Path]]
    places = [path for path in store.folder.rglob("*") if path.is_file()]
    places += [path for name in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{name}")]
    for path in places:
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            for password, seen in found.items():
                if password in data:
                    seen.append(path)
    assert list(found.values()) == [[], [store.folder / local.ADMIN_FILE]]
    assert (store.folder / local.ADMIN_FILE).stat().st_mode & 0o777 == 0o600
    assert len(ray.password.reveal()) == 64


def test_the_store_listens_on_loopback_only(store: local.LocalStore) -> None:
    local.start(store)
    with pytest.raises(ConnectionRefusedError):
        connect("127.0.0.2", store.port)


def test_check_finds_nothing_wrong_with_a_store_that_will_do(store: local.LocalStore) -> None:
    local.check(store)
    assert not store.folder.exists()


def test_what_a_self_check_tried_is_forgotten_and_what_others_try_is_kept(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    with speak(store.port, ray) as session, speak(store.port, admin_of(store)) as admin:
        session.call("KEYS", "*")
        assert admin.call("ACL", "LOG") != []
        local.forget_refusals(store)
        assert admin.call("ACL", "LOG") == []
        session.call("KEYS", "*")
        assert admin.call("ACL", "LOG") != []


def test_durability_is_in_force(store: local.LocalStore) -> None:
    local.start(store)
    with speak(store.port, admin_of(store)) as session:
        for name, value in (
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ):
            assert session.call("CONFIG", "GET", name) == [name.encode(), value.encode()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("this sandbox does not let root mount")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.root
def test_data_below_another_users_folder_is_refused(store: local.LocalStore, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give folders away")
    (tmp_path / "squatted").mkdir()
    os.chown(tmp_path / "squatted", 4242, 4242)
    for attempt in (local.start, local.check):
        with pytest.raises(ShimError, match="squatted belongs to user 4242"):
            attempt(replace(store, data=tmp_path / "squatted" / "cluster" / "data"))
    assert list((tmp_path / "squatted").iterdir()) == []


@pytest.mark.root
def test_a_full_disk_is_found_before_the_start(store: local.LocalStore, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"\0" * (12 * 2**20))
    for attempt in (local.start, local.check):
        with pytest.raises(ShimError, match="disk or your quota is full"):
            attempt(replace(store, data=small_disk / "data"))
    assert server.running(store.folder) is None


@pytest.mark.root
def test_a_disk_that_fills_up_is_found_by_health_and_by_the_next_start(
    store: local.LocalStore, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = replace(store, data=small_disk / "data")
    process, ray = local.start(store)
    assert health.check(store.port, ray).ok
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    with speak(store.port, ray) as session:
        session.call("HSET", KV, "big", b"\0" * 100_000)
        assert refusal(session.call("HSET", KV, "more", "1")).startswith("MISCONF")
    found = health.check(store.port, ray)
    assert not found.ok
    assert "disk" in found.detail
    local.stop(process)

    monkeypatch.setattr("shim.store.data._ROOM", 0)  # as with a quota, which statvfs does not know
    with pytest.raises(ShimError, match="disk or your quota is full"):
        local.start(store)
    assert server.running(store.folder) is None
    ballast.unlink()
    local.stop(local.start(store)[0])
