"""Paths: `<workspace>/<digest>/original`, and beside it the variants and the marks of those who remove it."""

import re
from urllib.parse import quote, unquote

from graphstore.errors import InvalidError

ORIGINAL = "original"
MARK = "removing-"
"""Begins the name of what says that somebody is about to remove these bytes."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_VARIANT = re.compile(r"w[1-9][0-9]{0,4}")
_PARTIAL = re.compile(r".*#[0-9]+")


def folder_of(workspace: str, digest: str) -> str:
    """Where everything of one picture lies. Raises `InvalidError` for what is no SHA-256 digest in hexadecimal."""
    if _DIGEST.fullmatch(digest) is None:
        raise InvalidError(f"{digest[:80]!r} is no SHA-256 digest in lower-case hexadecimal")
    return f"{workspace_folder(workspace)}/{digest}"


def workspace_folder(workspace: str) -> str:
    """Where all pictures of a workspace lie. Raises `InvalidError` for one without a name."""
    if not workspace:
        raise InvalidError("a picture belongs to a workspace, and that has a name")
    # Dots as well: `.` and `..` are names of other folders.
    return quote(workspace, safe="").replace(".", "%2E")


def variant_of(workspace: str, digest: str, name: str) -> str:
    """Where a variant lies. Raises `InvalidError`."""
    if _VARIANT.fullmatch(name) is None:
        raise InvalidError(f"{name[:80]!r} is no name of a variant; `w256` is one")
    return f"{folder_of(workspace, digest)}/{name}"


def owner_of(path: str) -> tuple[str, str, str] | None:
    """Workspace, digest and name of what lies there; None for what is not ours."""
    parts = path.split("/")
    if len(parts) != 3 or _DIGEST.fullmatch(parts[1]) is None:  # noqa: PLR2004 - the three that are named above
        return None
    return unquote(parts[0]), parts[1], parts[2]


def is_partial(name: str) -> bool:
    """Whether this is the name that a file of a folder bears while it is written."""
    return _PARTIAL.fullmatch(name) is not None
