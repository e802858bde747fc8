"""What this host started is written down without a secret, found again, and worked on by one shim at a time."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shim import state as states
from shim.errors import ShimError, UsageError
from shim.process import Process, look
from shim.state import NodeState, Phase, boot_id, host_folder, known_nodes, load, lock, node_folder

NAMES = some.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", fullmatch=True)
PROCESSES = some.builds(Process, some.integers(1, 2**22), some.integers(0, 2**62), some.integers(1, 2**22))
NODES = some.builds(
    NodeState,
    folder=some.just(Path("/nowhere")),
    name=NAMES,
    role=some.sampled_from(["head", "worker"]),
    cluster_id=some.text("0123456789abcdef", min_size=32, max_size=32),
    phase=some.sampled_from(Phase),
    boot_id=some.uuids().map(str),
    started_at=some.integers(0, 2**40),
    address=some.ip_addresses().map(str),
    head=some.text(max_size=30),
    ports=some.dictionaries(some.sampled_from(["gcs", "join", "store", "client"]), some.integers(1, 65535)),
    members=some.dictionaries(some.sampled_from(["store", "join", "ray"]), PROCESSES),
    facts=some.dictionaries(some.text(max_size=9), some.none() | some.booleans() | some.integers() | some.text()),
    request=some.lists(some.text(max_size=20)).map(tuple),
)


@pytest.fixture
def node(tmp_path: Path) -> NodeState:
    return NodeState(tmp_path / "head", "default", "head", "c1", ports={"gcs": 6379})


@given(node=NODES)
def test_what_is_saved_is_loaded(node: NodeState, tmp_path_factory: pytest.TempPathFactory) -> None:
    node = replace(node, folder=tmp_path_factory.mktemp("state") / "head")
    assert node.save() is node
    assert load(node.folder) == node


def test_a_record_is_private_and_names_its_format(node: NodeState) -> None:
    node.save()
    path = node.folder / "node.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(node.folder.stat().st_mode) == 0o700
    record = json.loads(path.read_bytes())
    assert record["format"] == 1
    assert set(record) == {"format", *(field.name for field in fields(NodeState))} - {"folder"}


def test_a_moved_folder_is_its_own(node: NodeState, tmp_path: Path) -> None:
    """The folder is where the record is found, not what it says (a restored backup, another mount point)."""
    node.save()
    moved = load(node.folder.rename(tmp_path / "moved"))
    assert moved is not None
    assert moved.folder == tmp_path / "moved"


def test_nothing_started_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert load(tmp_path / "none") is None


GOOD = {"format": 1, "name": "x", "role": "head", "cluster_id": "c", "phase": "running", "members": {}, "request": []}
DAMAGED = {
    "empty": b"",
    "cut off": json.dumps(GOOD).encode()[:-9],
    "zeros, as after a power cut": b"\0" * 100,
    "no text": b"\xff\xfe",
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "no format": json.dumps({**GOOD, "format": None}).replace('"format": null, ', "").encode(),
    "another phase": json.dumps({**GOOD, "phase": "dancing"}).encode(),
    "a field too many": json.dumps({**GOOD, "colour": "red"}).encode(),
    "a field too few": json.dumps({name: value for name, value in GOOD.items() if name != "name"}).encode(),
    "members of the wrong shape": json.dumps({**GOOD, "members": {"ray": {"pid": 1}}}).encode(),
    "members as a list": json.dumps({**GOOD, "members": []}).encode(),
    "request as a number": json.dumps({**GOOD, "request": 5}).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_an_error_that_says_what_to_do(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    path.write_bytes(content)
    with pytest.raises(ShimError, match=r"node\.json is damaged") as caught:
        load(tmp_path)
    assert f"mv {path}" in caught.value.fix
    assert "shim stop" in caught.value.fix


def test_the_good_one_of_these_loads(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text(json.dumps(GOOD))
    assert load(tmp_path) is not None


@given(some.binary(max_size=200))
def test_no_content_whatever_is_a_traceback(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "node.json").write_bytes(content)
        with pytest.raises(ShimError):
            load(Path(folder))


def test_a_record_of_a_later_shim_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text(json.dumps({**GOOD, "format": 2, "colour": "red"}))
    with pytest.raises(ShimError, match="written by a later shim"):
        load(tmp_path)


def test_a_record_behind_a_link_is_refused(node: NodeState, tmp_path: Path) -> None:
    node.save()
    other = tmp_path / "other"
    other.mkdir()
    (other / "node.json").symlink_to(node.folder / "node.json")
    with pytest.raises(ShimError, match="symbolic link"):
        load(other)


def test_members_come_and_go(node: NodeState) -> None:
    me = look(os.getpid())
    with_me = node.with_member("ray", me)
    assert dict(with_me.members) == {"ray": me}
    assert with_me.living("ray")
    assert not with_me.living("store")
    assert dict(with_me.with_member("ray", None).members) == {}
    assert not with_me.with_member("ray", None).living("ray")
    assert dict(node.members) == {}


def test_a_process_of_an_earlier_boot_does_not_live(node: NodeState) -> None:
    """Pids and start times begin again after a reboot, and a home may be another host's too."""
    me = look(os.getpid())
    assert not replace(node.with_member("ray", me), boot_id="another").living("ray")


def test_facts_are_added_to(node: NodeState) -> None:
    assert node.with_facts(a=1).with_facts(b=2, a=3).facts == {"a": 3, "b": 2}


def test_the_folder_is_of_this_host(tmp_path: Path) -> None:
    """Slurm's homes are shared: two hosts must not take each other's nodes for their own."""
    folder = host_folder({}, tmp_path)
    assert folder.parent == tmp_path / ".local" / "state" / "shim"
    assert folder.name.startswith(socket.gethostname())
    assert Path("/etc/machine-id").read_text().strip() not in str(folder)


def test_two_hosts_of_one_name_or_one_image_have_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = host_folder({}, tmp_path)
    monkeypatch.setattr(states, "_machine", lambda: "00000000")
    same_name = host_folder({}, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    same_image = host_folder({}, tmp_path)
    assert len({here, same_name, same_image}) == 3


def test_a_host_without_a_machine_id_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(states, "_machine", none)
    assert host_folder({}, tmp_path).name == socket.gethostname()


def test_the_place_can_be_chosen(tmp_path: Path) -> None:
    def root(**environ: str) -> Path:
        return host_folder(environ, Path("/home/me")).parent

    assert root(SHIM_STATE_DIR="/srv/shim", XDG_STATE_HOME="/x") == Path("/srv/shim")
    assert root(SHIM_STATE_DIR="relative") == Path.cwd() / "relative"
    assert root(XDG_STATE_HOME="/x") == Path("/x/shim")
    assert root(XDG_STATE_HOME="", SHIM_STATE_DIR="") == Path("/home/me/.local/state/shim")
    assert root(XDG_STATE_HOME="relative") == Path("/home/me/.local/state/shim")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "-a", "_a", "a b", "a\n", "ä", "a" * 41, "a\0"])
def test_what_cannot_be_a_folder_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a cluster"):
        node_folder(name, "head", {}, tmp_path)


@given(NAMES)
def test_any_other_name_stays_below_the_hosts_folder(name: str) -> None:
    home = Path("/home/me")
    assert node_folder(name, "head", {}, home) == host_folder({}, home) / name / "head"


def test_known_nodes_are_heads_first(tmp_path: Path) -> None:
    assert known_nodes({}, tmp_path) == []
    made = [node_folder(name, role, {}, tmp_path) for role in ("head", "worker") for name in ("a", "b")]
    for folder in reversed(made):
        folder.mkdir(parents=True)
    (made[0].parent / "notes").mkdir()
    (made[0].parents[1] / "c").mkdir()
    (made[0].parents[1] / "c" / "head").write_text("a stray file")
    assert known_nodes({}, tmp_path) == made


HOLD = "import sys; from pathlib import Path; from shim.state import lock\nwith lock(Path(sys.argv[1])): "


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start another shim that holds the folder until it is killed."""
    code = HOLD + "print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path / "node")]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def test_a_second_shim_is_told_who_works_there(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with holder, pytest.raises(ShimError, match=rf"Another shim \(pid {holder.pid}\)"), lock(tmp_path / "node"):
        pytest.fail("two at once")


def test_a_killed_shim_lets_go(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with holder:
        holder.send_signal(signal.SIGKILL)
    with lock(tmp_path / "node"):
        assert (tmp_path / "node" / "lock").read_text() == str(os.getpid())


def test_programs_that_are_started_meanwhile_do_not_keep_it(tmp_path: Path) -> None:
    """Ray lives on after `shim start` has ended."""
    with lock(tmp_path / "node"):
        left = subprocess.Popen(["sleep", "100"], close_fds=False)
    try:
        with lock(tmp_path / "node"):
            pass
    finally:
        left.kill()
        left.wait()


def test_it_is_let_go_after_an_error_too_and_the_error_keeps_its_words(tmp_path: Path) -> None:
    """EAGAIN is what fork says when a user has too many processes: that is no second shim."""
    with pytest.raises(BlockingIOError, match="too many"), lock(tmp_path / "node"):
        raise BlockingIOError(errno.EAGAIN, "too many processes")
    with lock(tmp_path / "node"):
        pass


def test_nodes_do_not_lock_each_other(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with holder, lock(tmp_path / "other"):
        pass


def test_the_lock_file_is_private_and_no_link(tmp_path: Path) -> None:
    with lock(tmp_path / "node"):
        assert stat.S_IMODE((tmp_path / "node" / "lock").stat().st_mode) == 0o600
    target = tmp_path / "precious"
    target.write_text("content")
    (tmp_path / "node" / "lock").unlink()
    (tmp_path / "node" / "lock").symlink_to(target)
    with pytest.raises(ShimError, match="lock cannot be opened"), lock(tmp_path / "node"):
        pass
    assert target.read_text() == "content"


def test_the_boot_id_is_the_kernels() -> None:
    assert boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
