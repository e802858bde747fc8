"""Ray's shared secret: where it is looked up, and how it is kept.

Importing this and calling `find` costs nothing but the standard library: ``shim token show`` stands in
for ``ray get-auth-token``, which needs two seconds.
"""

from shim.token.file import default_path, load, tighten
from shim.token.lookup import find, sources
from shim.token.model import Kind, Source, SourceState, State, Token, fingerprint
from shim.token.writing import generate, save

__all__ = [
    "Kind",
    "Source",
    "SourceState",
    "State",
    "Token",
    "default_path",
    "find",
    "fingerprint",
    "generate",
    "load",
    "save",
    "sources",
    "tighten",
]
