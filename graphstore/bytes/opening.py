"""Opening a place for bytes: that of pictures, or of backups."""

import atexit
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from graphstore.bytes.objects import TIME_LIMIT, Objects
from graphstore.bytes.pictures import PictureBytes
from graphstore.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig  # there for type checkers only

_CLIENT: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=15),
    "allow_http": True,  # only who names an http:// server in AWS_ENDPOINT_URL gets one
}
_RETRY: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}
_REMOTE = ("s3://", "s3a://", "gs://", "az://", "memory://")


PICTURES = "pictures"
AFTERTHOUGHT = 0.1
"""Seconds that the threads below obstore are given when the program ends. They let go of a finished call's objects a
moment after its caller goes on, and end the whole process if there is no interpreter any more by then."""


def open_bytes(location: str, *, time_limit: float = TIME_LIMIT) -> PictureBytes:
    """The place of pictures behind an address, as `open_objects` takes it."""
    return PictureBytes(open_objects(location, for_what=PICTURES, time_limit=time_limit))


def open_objects(location: str, *, for_what: str, time_limit: float = TIME_LIMIT) -> Objects:
    """The place behind a folder, which is made when it is missing, or a URL: `s3://bucket/folder` and its like, with
    the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`...) that obstore reads itself; `memory://` for tests.
    `for_what` it is there, messages say.

    Nothing is asked yet. Raises `InvalidError` for an address that leads nowhere, `UnavailableError` for a folder that
    cannot be used.
    """
    atexit.unregister(_let_go)
    atexit.register(_let_go)
    scheme, found, _ = location.partition("://")
    if not found:
        return _folder(Path(location), for_what, time_limit)
    if scheme.lower() == "file":
        address = urlsplit(location)
        if address.netloc not in {"", "localhost"}:  # else what should be the first folder would be left out
            raise InvalidError(f"{location!r} names a machine: a folder of this one begins with three slashes")
        return _folder(Path(unquote(address.path)), for_what, time_limit)
    if f"{scheme.lower()}://" not in _REMOTE:
        raise InvalidError(
            f"{location!r} is no place for {for_what}: give a folder, or an address as s3://bucket/folder"
        )
    try:
        store = from_url(location, client_options=_CLIENT, retry_config=_RETRY)
    except (BaseError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidError(f"{location!r} cannot be used as a place for {for_what}: {reason}") from error
    return Objects(store, location, time_limit=time_limit)


def _folder(path: Path, for_what: str, time_limit: float) -> Objects:
    try:
        path.mkdir(parents=True, exist_ok=True)
        return Objects(LocalStore(path, automatic_cleanup=True), str(path), path, time_limit=time_limit)
    except OSError as error:
        raise UnavailableError(f"the folder {path} for {for_what} cannot be made: {error.strerror}") from error
    except BaseError as error:
        raise UnavailableError(f"the folder {path} for {for_what} cannot be used") from error


def _let_go() -> None:
    time.sleep(AFTERTHOUGHT)
