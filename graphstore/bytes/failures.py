"""Failures of obstore in the store's own words."""

import asyncio
import errno
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from graphstore.errors import AccessError, ReadOnlyError, StoreError, UnavailableError

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_LONGEST = 300
_METADATA = "169.254.169.254"
"""Where a machine of Amazon's gets its credentials; obstore looks there when it is given none."""


@asynccontextmanager
async def calling(location: str, time_limit: float, *, writing: bool = False) -> AsyncIterator[None]:
    """One call, which may take so many seconds. Raises `UnavailableError` or what comes below it.

    What a missing object means only its reader knows, who has to deal with it inside; elsewhere it is the bucket.
    """
    try:
        async with asyncio.timeout(time_limit):
            yield
    except TimeoutError as error:
        raise UnavailableError(f"{location} did not answer within {time_limit:g} s") from error
    except FileNotFoundError as error:
        raise UnavailableError(f"{location} is not there: check its name, and make it where it is missing") from error
    except (BaseError, OSError) as error:
        raise meaning_of(error, location, writing=writing) from error


def meaning_of(error: Exception, location: str, *, writing: bool) -> StoreError:
    """What went wrong, for those who know nothing of obstore."""
    text = str(error)
    code = error.errno if isinstance(error, OSError) else _code_in(text)
    if code in _FULL:
        return ReadOnlyError(f"the disk that holds {location} is full: nothing was changed, reads go on")
    if writing and (code in _UNWRITABLE or isinstance(error, PermissionDeniedError)):
        return ReadOnlyError(f"{location} cannot be written: check the rights to it")
    if code == errno.EACCES or isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return AccessError(f"{location} cannot be read: check the rights to it, or the credentials")
    if _METADATA in text:
        return AccessError(f"there are no credentials for {location}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return UnavailableError(f"{location} cannot be used just now ({_brief(text)})")


def _code_in(text: str) -> int | None:
    found = _OS_ERROR.search(text)
    return int(found[1]) if found else None


def _brief(text: str) -> str:
    """The first line, without what a server said word for word: that may name keys."""
    return text.partition("\n")[0].partition("<")[0].strip(" :")[:_LONGEST]
