"""Explain a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compat.argv import Takes, read
from compat.command import translate_command
from compat.errors import LegacyError
from compat.passwords import is_famous
from compat.ray_start import NEWEST
from compat.releases import FIRST_TOKEN, release
from compat.start import Role, StartCommand, translate_start
from compat.start_credentials import PASSWORD_OPTIONS
from compat.start_notes import without_login
from shim.explain.entries import find_entries, refused, tell_stories
from shim.explain.kind import Kind
from shim.explain.line import Line, mask_after_name, names_of, show, take_apart
from shim.explain.masking import HIDDEN, join, mask_words
from shim.explain.model import Explanation, Modern, wrong
from shim.explain.words import (
    WHY_EXTERNAL,
    WHY_PASSWORD,
    WHY_TOKEN,
    password_verdict,
    refusal,
    short,
    token_warnings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compat.version import Version

_MODE = "RAY_AUTH_MODE=token"
_NEVER_TOOK_ONE = frozenset({"up", "down", "attach"})  # what follows submit, exec and job is a script's own
_NEEDS_NO_TOKEN = frozenset({"stop", "up", "down", "attach", "exec", "submit", "get-auth-token", ""})


def explain_command(words: Sequence[str], ray: Version) -> Explanation:
    """Explain the words of a command line, ``ray`` included or left out."""
    line = take_apart(words)
    stories = tell_stories(find_entries(names_of(line)), ray)
    target = ray if ray.release >= FIRST_TOKEN else NEWEST
    try:
        start, modern = _translate(line, target)
    except LegacyError as error:
        return wrong(Kind.COMMAND, show(line), ray, error, stories)
    external = start is not None and start.external_redis is not None
    given = any(_is_password_word(word) for word in line.argv) or "RAY_REDIS_PASSWORD" in line.environ
    verdict, protects = _judge(line, start, ray, given=given)
    stops = refused(stories)
    if stops and not (given and external):
        verdict = f"{verdict} {refusal(stops, ray, 'line')}" if given else refusal(stops, ray, "line")
        protects = False if protects is None else protects
    warnings = (*token_warnings(ray), *modern.warnings, *_warn_of_literal(line))
    why = WHY_EXTERNAL if external and given else WHY_PASSWORD if given else WHY_TOKEN
    modern = Modern(target, modern.lines, modern.notes, warnings)
    return Explanation(Kind.COMMAND, show(line), ray, verdict, protects, stories, modern=modern, why=why)


def _translate(line: Line, target: Version) -> tuple[StartCommand | None, Modern]:
    if line.name == "start":
        start = translate_start(line.argv, target, line.environ)
        return start, Modern(target, _write_start(line, start), start.notes)
    command = translate_command((line.name, *line.argv) if line.name else line.argv, target)
    prefix = [] if line.name in _NEEDS_NO_TOKEN else [_MODE]
    kept = _without_password(command.ray_args) if line.name in _NEVER_TOOK_ONE else command.ray_args
    lines = [join([*prefix, "ray", *mask_after_name(kept)])]
    if command.notes:
        lines += [
            "# or the old line as it is, through shim:",
            f"shim ray {join(mask_after_name((line.name, *line.argv)))}",
        ]
    return None, Modern(target, tuple(lines), command.notes)


def _without_password(words: Sequence[str]) -> list[str]:
    parts = read(words, dict.fromkeys(PASSWORD_OPTIONS, Takes.VALUE))
    return [word for part in parts if part.name not in PASSWORD_OPTIONS for word in part.words]


def _write_start(line: Line, start: StartCommand) -> tuple[str, ...]:
    """Write the modern lines: the one that shim takes, and those for Ray alone."""
    old = ("# the old line, one word changed; shim closes the cluster:", f"shim start {join(mask_words(line.argv))}")
    if start.external_redis is not None:
        user = [f"--redis-username={start.redis_username}"] if start.redis_username else []
        login = [*user, *([f"--redis-password={HIDDEN}"] if start.passwords else [])]
        address = f"RAY_REDIS_ADDRESS={without_login(start.external_redis)}"
        ray_line = join([address, _MODE, "ray", "start", *mask_words(start.ray_args), *login])
        return (
            *old,
            "# or Ray alone; the Redis and its password stay, the token is new:",
            "shim token generate",
            ray_line,
        )
    address = without_login(start.values.get("address", "HEAD:6379"))
    token = "shim token generate" if start.role is Role.HEAD else f"shim token fetch --address={address}"
    ray_line = join([_MODE, "ray", "start", *mask_words(start.ray_args)])
    plain = ("# or Ray alone, with a token on every node and client:", token, ray_line)
    return (token, ray_line) if line.token else (*old, *plain)


def _judge(line: Line, start: StartCommand | None, ray: Version, *, given: bool) -> tuple[str, bool | None]:
    """Return the verdict and whether the line keeps strangers out."""
    token = line.token and ray.release >= FIRST_TOKEN
    if start is not None and start.external_redis is not None:
        place = without_login(start.external_redis)
        if given:
            rest = "The token guards the cluster." if token else "The cluster itself it does not guard: add the token."
            return f"Here the password is live: it opens the external Redis at {place}. {rest}", token
        return f"This head keeps its data in the Redis at {place}, and sends no password there.", token
    if token:
        return f"This is the modern form: on Ray {short(ray)} the token guards the cluster.", True
    if given and start is not None:
        return password_verdict(ray, _port(start)), release(ray).password_guards
    if given:
        guards = release(ray).password_guards
        word = "what the cluster's Redis asks for" if guards else "of no use: nothing checks it"
        return f"On Ray {short(ray)} the password of `ray {line.name}` is {word}.", guards
    if start is not None and start.role is Role.HEAD:
        open_to = f"on Ray {short(ray)} anyone who reaches port {_port(start)} can run code."
        return f"Nothing in this line guards the cluster: {open_to}", False
    if start is not None:
        return "This worker joins with no token and no password: it fits an open cluster only.", False
    return f"`ray {line.name}` has nothing to do with passwords; on a token cluster it needs the token.", None


def _port(start: StartCommand) -> str:
    port = start.values.get("port") or start.values.get("address", "").rpartition(":")[2]
    return port if port.isdigit() else "6379"


def _is_password_word(word: str) -> bool:
    return word.partition("=")[0] in PASSWORD_OPTIONS


def _warn_of_literal(line: Line) -> list[str]:
    values = [line.environ.get("RAY_REDIS_PASSWORD", "")]
    for place, word in enumerate(line.argv):
        if _is_password_word(word):
            values.append(word.partition("=")[2] or (line.argv[place + 1] if place + 1 < len(line.argv) else ""))
    literal = [value for value in values if value and not value.startswith(("$", "`"))]
    if any(is_famous(value) for value in literal):
        return ["This password is printed in public documents: everybody knows it. Do not use it again."]
    if literal:
        return ["The password is written out: shell history and `ps` have it. Choose a new one for what comes."]
    return []
