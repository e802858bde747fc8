"""Tell a command line from a call, a variable, an option's name and an error message."""

from __future__ import annotations

import enum
import re

from compat.messages import find


class Kind(enum.Enum):
    """What was asked about."""

    COMMAND = "command"
    CALL = "call"
    VARIABLE = "variable"
    OPTION = "option"
    ERROR = "error"


_ASSIGNMENTS = r"(?:(?:export|env|sudo|exec|srun)\s+|[A-Za-z_]\w*=(?:'[^']*'|\"[^\"]*\"|\S)*\s+)*"
_COMMAND = re.compile(rf"\s*\$?\s*{_ASSIGNMENTS}(?:\S*/)?(?:ray|shim)\s+[a-z][\w-]*(?:\s|$)")
_OPTIONS = re.compile(r"\s*--[a-z][\w-]*(?:=\S*)?\s+\S")
_CALL = re.compile(r"\s*(?:[\w, ]+=\s*)?(?:\w+\.)*(?:init|client|connect)\s*\(", re.ASCII)
_VARIABLE = re.compile(r"\s*(?:export\s+)?(?:[A-Z][A-Z0-9]*_\w+|AUTH_MODE)(?:=.*)?\s*")
_NAME = re.compile(r"\s*['\"]?[\w.~/:-]+(?:=[^\n]*)?['\"]?:?\s*")
_LOG = re.compile(r"Traceback|\b(?:\w*Error|Exception|ERROR|WARNING|Warning|FATAL)\b|^\[\d{4}-\d\d-\d\d", re.MULTILINE)


def tell_kind(text: str) -> Kind:
    """Tell what a text most probably is; any other text is taken for an error message."""
    if not _CALL.match(text) and (_LOG.search(text) or find(text)):
        return Kind.ERROR
    for kind, form in (
        (Kind.CALL, _CALL.match),
        (Kind.COMMAND, _COMMAND.match),
        (Kind.COMMAND, _OPTIONS.match),
        (Kind.VARIABLE, _VARIABLE.fullmatch),
        (Kind.OPTION, _NAME.fullmatch),
    ):
        if form(text):
            return kind
    return Kind.ERROR
