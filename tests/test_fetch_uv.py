"""What setup.sh accepts as uv, and what it tells to whom, tried against an index on this machine."""

from __future__ import annotations

import base64
import contextlib
import http.server
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.imports import ROOT
from tools import fetch_uv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Index(http.server.BaseHTTPRequestHandler):
    """An index (PEP 503) with one wheel, which is not what it says."""

    asked: list[tuple[str, str]]
    page: str

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        body = self.page.encode() if self.path == "/simple/uv/" else b"not the wheel"
        known = self.path.startswith("/simple/uv/")
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def index() -> Iterator[tuple[str, type[Index]]]:
    name = fetch_uv.wheel_for_this_machine()[0]
    handler = type("Handler", (Index,), {"asked": [], "page": f'<a href="{name}#sha256=0">{name}</a>'})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", handler
        server.shutdown()


def fetch(index: str, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools/fetch_uv.py"), str(target)]
    env = {"PIP_INDEX_URL": index, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)


def test_another_file_under_the_right_name_is_refused_and_not_kept(
    index: tuple[str, type[Index]], tmp_path: Path
) -> None:
    done = fetch(f"http://{index[0]}/simple", tmp_path / "tools" / "uv")
    assert done.returncode == 1
    assert "sha256 differs" in done.stderr
    assert not (tmp_path / "tools").exists()


def test_an_index_without_this_release_is_told(index: tuple[str, type[Index]], tmp_path: Path) -> None:
    index[1].page = '<a href="uv-0.0.1-py3-none-any.whl">uv-0.0.1-py3-none-any.whl</a>'
    done = fetch(f"http://{index[0]}/simple", tmp_path / "uv")
    assert (done.returncode, "does not offer" in done.stderr) == (1, True)


def test_a_password_in_the_address_goes_to_the_index_only_and_into_no_message(
    index: tuple[str, type[Index]], tmp_path: Path
) -> None:
    host, handler = index
    done = fetch(f"http://joe:p%40ss@{host}/simple", tmp_path / "uv")
    assert handler.asked[0] == ("/simple/uv/", "Basic " + base64.b64encode(b"joe:p@ss").decode())
    assert "ss@" not in done.stderr
    assert "p%40ss" not in done.stderr
    refused = fetch(f"http://joe:p%40ss@{host}/nowhere", tmp_path / "uv")
    assert "answered 404" in refused.stderr
    assert "p%40ss" not in refused.stderr


@pytest.mark.parametrize(
    ("environment", "page"),
    [
        ({}, "https://pypi.org/simple/uv/"),
        ({"PIP_INDEX_URL": "https://a.example/simple/"}, "https://a.example/simple/uv/"),
        ({"PIP_INDEX_URL": "https://a", "UV_INDEX_URL": "https://b"}, "https://b/uv/"),
        ({"UV_INDEX_URL": "https://b", "UV_DEFAULT_INDEX": "https://c"}, "https://c/uv/"),
        ({"UV_DEFAULT_INDEX": "own=https://c/?a=b"}, "https://c/?a=b/uv/"),
    ],
)
def test_the_index_is_the_one_that_uv_and_pip_would_use(environment: dict[str, str], page: str) -> None:
    assert fetch_uv.index_page(environment) == page


def test_no_hash_is_of_two_different_wheels() -> None:
    by_hash: dict[str, set[str]] = {}
    for name, digest in fetch_uv.WHEELS.values():
        assert len(bytes.fromhex(digest)) == 32
        by_hash.setdefault(digest, set()).add(name)
    assert all(len(names) == 1 for names in by_hash.values())


def test_a_half_written_binary_is_never_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib
    import io
    import zipfile

    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"uv-{fetch_uv.VERSION}.data/scripts/uv", b"binary")
    digest = hashlib.sha256(wheel.getvalue()).hexdigest()
    with monkeypatch.context() as full, contextlib.suppress(OSError):
        full.setattr("os.fchmod", lambda *_: (_ for _ in ()).throw(OSError("no space")))
        fetch_uv.unpack(wheel.getvalue(), digest, tmp_path / "uv")
    assert list(tmp_path.iterdir()) == []
    fetch_uv.unpack(wheel.getvalue(), digest, tmp_path / "uv")
    assert (tmp_path / "uv").read_bytes() == b"binary"
    assert (tmp_path / "uv").stat().st_mode & 0o777 == 0o755
