"""Copying pictures from one place to another."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from graphstore.bytes.pictures import PictureBytes
from graphstore.errors import InvalidError

AT_ONCE: Final = 4
"""Pictures that are copied at a time: each is held in memory."""


async def copy_pictures(
    digests: Sequence[str],
    source: tuple[PictureBytes, str],
    target: tuple[PictureBytes, str],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Sequence[str]:
    """Put the bytes of these pictures from a workspace of one place into one of another; the digests of those that
    could be copied. The source has lost the others, or has something else in their place.

    `on_progress` is called with the number of those that were looked at. Raises what the places raise.
    """
    copied: list[str] = []
    for start in range(0, len(digests), AT_ONCE):
        some = digests[start : start + AT_ONCE]
        calls = (_copy(digest, source, target) for digest in some)
        for digest, done in zip(some, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            if isinstance(done, BaseException):
                raise done
            copied += [digest] if done else []
        on_progress(start + len(some))
    return copied


async def _copy(digest: str, source: tuple[PictureBytes, str], target: tuple[PictureBytes, str]) -> bool:
    (here, workspace), (there, into) = source, target
    content = await here.read(workspace, digest)
    if content is None:
        return False
    try:
        await there.put(into, digest, content)
    except InvalidError:  # the bytes are not those of the digest
        return False
    return True
