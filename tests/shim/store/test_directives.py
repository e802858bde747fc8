"""Configuration, users file and log as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shim.store.acl import DEFAULT_OFF
from shim.store.directives import hardened, log_tail, render, users_file

if TYPE_CHECKING:
    from pathlib import Path

    from shim.store.binary import Binary

SUM = "0123456789abcdef" * 4


def test_only_directives_of_several_words_are_split() -> None:
    written = render({"bind": "127.0.0.1 ::1", "dir": "/a b", "save": "", "logfile": '/x"y\n'})
    assert written == b'bind 127.0.0.1 ::1\ndir "/a b"\nsave ""\nlogfile "/x\\"y\\n"\n'


def test_a_version_gets_only_what_it_knows(embedded: Binary) -> None:
    by_version = {
        version: set(hardened(replace(embedded, product=product, version=version)))
        for product, version in (
            ("redis", "6.0.16"),
            ("redis", "6.2.14"),
            ("redis", "7.0.15"),
            ("valkey", "9.1.2"),
        )
    }
    assert by_version["6.2.14"] - by_version["6.0.16"] == {
        "acl-pubsub-default",
        "set-proc-title",
        "crash-log-enabled",
    }
    assert by_version["7.0.15"] - by_version["6.2.14"] == {
        "enable-debug-command",
        "enable-module-command",
        "enable-protected-configs",
    }
    assert by_version["9.1.2"] - by_version["7.0.15"] == {"hide-user-data-from-log"}


def test_default_is_added_only_where_no_line_names_it(embedded: Binary) -> None:
    line = f"user default on #{SUM} ~*"
    assert users_file(["user a on"], embedded) == f"{DEFAULT_OFF}\nuser a on\n".encode()
    assert users_file([line], embedded) == f"{line}\n".encode()


def test_redis_60_gets_no_rules_for_channels(embedded: Binary) -> None:
    old = replace(embedded, product="redis", version="6.0.16")
    assert users_file([f"user a on #{SUM} resetchannels ~* &* +@all"], old) == (
        f"user default off resetpass resetkeys -@all\nuser a on #{SUM} ~* +@all\n".encode()
    )


@pytest.mark.parametrize("word", ["nopass", ">x", "<x", "#abc", f"#{SUM}0", f"#{SUM.upper()}"])
def test_words_that_open_a_user_or_show_a_password_are_refused(embedded: Binary, word: str) -> None:
    with pytest.raises(ValueError, match="ACL file"):
        users_file([f"user a on {word} ~*"], embedded)


def test_the_last_words_of_a_server_are_shown_without_hashes(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(
        "7:C 20 Nov 2026 10:50:03.505 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n"
        "        _._\n"
        f"7:M 20 Nov 2026 10:50:03.505 # users.acl:2: 'user a on #{SUM}': no\n"
        "7:M 20 Nov 2026 10:50:03.505 # Aborting\n"
    )
    assert log_tail(log, lines=2) == "users.acl:2: 'user a on #…': no / Aborting"
    assert log_tail(tmp_path / "none") == "it left no log"
