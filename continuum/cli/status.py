"""One line that says what a command is doing, where there is a terminal."""

import contextlib
from collections.abc import Callable, Iterator

from continuum.cli.shell import is_live, logs_above, messages
from continuum.cli.words import styled


@contextlib.contextmanager
def shown_status(what: str) -> Iterator[Callable[[str], None]]:
    """Calls of what it gives change the line; it is gone at the end."""
    console = messages()
    if not is_live(console):
        yield lambda _: None
        return
    with console.status(styled(what)) as status, logs_above(console):
        yield lambda state: status.update(styled(f"{what} {state}"))
