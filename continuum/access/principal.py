"""Who asks, and in which workspace."""

import re
from dataclasses import dataclass

DEFAULT_WORKSPACE = "main"
_WORKSPACE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may do things. Without authentication everybody is the same one."""

    name: str


ANONYMOUS = Principal("anonymous")


class WorkspaceNameError(ValueError):
    """This is no name of a workspace."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name[:80]!r} is no workspace name: use 1 to 63 of a-z, 0-9 and '-', a letter or a digit first"
        )


def checked_workspace(name: str | None) -> str:
    """The name of a workspace as a client gives it; none is the default one. Raises `WorkspaceNameError`."""
    if name is None or name == "":
        return DEFAULT_WORKSPACE
    if _WORKSPACE.fullmatch(name) is None:
        raise WorkspaceNameError(name)
    return name
