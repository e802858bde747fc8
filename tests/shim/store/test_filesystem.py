"""Which filesystems count as kept elsewhere: the kernel's own table, and tables of other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from shim.store.filesystem import is_network_filesystem

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:31 / /home rw,relatime shared:7 master:2 - nfs4 filer:/home rw,vers=4.2
31 30 0:32 / /home/me/scratch rw,relatime - ext4 /dev/nvme0n1 rw
32 27 0:33 / /mnt/with\\040space rw - cifs //srv/x rw
33 27 0:34 / /mnt/ssh rw - fuse.sshfs me@host: rw
34 27 0:35 / /mnt/fuse rw - fuse.unionfs x rw
35 27 0:36 / /mnt/c rw - 9p drvfs rw
36 27 0:37 / /srv rw - nfs old rw
37 36 0:38 / /srv rw - xfs /dev/sdb rw
38 27 0:39 / /lustre rw - lustre mds:/fs rw
39 27 0:40 / /homely rw - ext4 /dev/vdb rw
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "mountinfo").write_text(TABLE)
    return tmp_path / "mountinfo"


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/opt/ray", None),
        ("/home/me/.ray", "nfs4"),
        ("/home", "nfs4"),
        ("/home/me/scratch/store", None),
        ("/homely/store", None),
        ("/mnt/with space/x", "cifs"),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/fuse/x", None),
        ("/mnt/c/Users", "9p"),
        ("/srv/data", None),
        ("/lustre/project", "lustre"),
    ],
)
def test_the_innermost_and_latest_mount_counts(
    table: Path, place: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: True)
    monkeypatch.setattr(Path, "resolve", lambda path: path)
    assert is_network_filesystem(Path(place), table) == kind


def test_a_sandbox_whose_root_is_9p_has_nothing_better(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("1 0 0:1 / / rw - 9p none rw\n2 1 0:2 / /tmp rw - overlay none rw\n")
    assert is_network_filesystem(Path("/var"), table) is None


def test_the_temporary_folder_of_this_machine_is_local(tmp_path: Path) -> None:
    assert is_network_filesystem(tmp_path / "not" / "there" / "yet") is None


def test_a_link_is_followed_to_where_the_data_will_be(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {tmp_path / 'share'} rw - nfs4 x rw\n")
    assert is_network_filesystem(tmp_path / "link" / "data", table) == "nfs4"


def test_without_a_table_nothing_is_claimed(tmp_path: Path) -> None:
    assert is_network_filesystem(tmp_path, tmp_path / "none") is None
