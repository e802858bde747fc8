"""The configuration file of a server of ours: hardened, and only with what its version knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shim.store.acl import DEFAULT_OFF, without_channels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shim.store.binary import Binary

_WORDS = frozenset(("bind", "save", "client-output-buffer-limit", "tls-protocols"))
_PLAIN = re.compile(r"[A-Za-z0-9_.:/%+,@-]+")
_HASHED = re.compile(r"#[0-9a-f]{64}")


def hardened(binary: Binary) -> dict[str, str]:
    """Return the directives that every server of ours gets, as far as this version knows them.

    What is absent from a version was found by asking it: Redis 6.2.14 and 7.0.15, Valkey 9.1.2.
    """
    directives = {
        "daemonize": "no",
        "protected-mode": "yes",
        "tcp-backlog": "128",
        "tcp-keepalive": "60",
        "timeout": "0",  # the GCS keeps connections that it seldom uses
        "maxclients": "256",
        "databases": "1",
        "loglevel": "notice",
        "always-show-logo": "no",
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
    }
    if binary.at_least(6, 2):
        directives |= {
            "acl-pubsub-default": "resetchannels",
            "set-proc-title": "no",  # it would overwrite the environment, and with it our mark
        }
    if binary.at_least(7, 0):
        directives |= {
            "enable-debug-command": "no",
            "enable-module-command": "no",
            "enable-protected-configs": "no",
        }
    if binary.at_least(8, 0):
        directives["hide-user-data-from-log"] = "yes"
    elif binary.at_least(6, 2):
        directives["crash-log-enabled"] = "no"  # a crash log shows the commands of clients
    return directives


def render(directives: Mapping[str, str]) -> bytes:
    """Write a configuration file; each value is one word, save for those directives that take several."""
    lines = []
    for name, value in directives.items():
        words = value.split() if name in _WORDS and value else [value]
        lines.append(" ".join((name, *map(_quote, words))))
    return ("\n".join(lines) + "\n").encode(errors="surrogateescape")


def _quote(word: str) -> str:
    """Write a word so that the server's ``sdssplitargs`` reads the same one."""
    if _PLAIN.fullmatch(word):
        return word
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        word = word.replace(plain, written)
    return f'"{word}"'


def users_file(users: Iterable[str], binary: Binary) -> bytes:
    """Write an ACL file in which ``default`` is off unless a line of ``users`` says what it is.

    Raises:
        ValueError: A line lets somebody in without a password, or holds one that is not hashed.
    """
    lines = list(users)
    if not any(line.split()[:2] == ["user", "default"] for line in lines):
        lines.insert(0, DEFAULT_OFF)
    for line in lines:
        words = line.split()
        if words[0] != "user" or "nopass" in words or "\n" in line:
            raise ValueError("a line of an ACL file must name a user, and the user must need a password")
        if any(word[0] in "><#" and not _HASHED.fullmatch(word) for word in words):
            raise ValueError("a password in an ACL file must be a SHA-256")
    if not binary.at_least(6, 2):
        lines = [without_channels(line) for line in lines]
    return ("\n".join(lines) + "\n").encode()


def log_tail(log: Path, lines: int = 4) -> str:
    """Return the last words of a server, in one line, without its banner and without any hash."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "it left no log"
    said = [re.sub(r"^\d+:[A-Z] .{20,24} [*#.-] ", "", line).strip() for line in text.splitlines()]
    said = [_HASHED.sub("#…", line) for line in said if re.search(r"\w", line)]
    return " / ".join(said[-lines:]) or "it left no log"
