"""The pictures at `/images/<id>`, over HTTP: https://www.rfc-editor.org/rfc/rfc9110."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from itertools import pairwise
from typing import Final

import structlog
from aiohttp import ClientConnectionResetError, hdrs, web

from continuum.access.principal import WorkspaceNameError, checked_workspace
from continuum.assembly import Parts
from continuum.filenames import disposition
from continuum.gallery import Body, Gallery, NotShown
from continuum.settings import Settings
from graphstore.bytes import WIDTHS, Thumbnails
from graphstore.errors import UnavailableError

_log = structlog.get_logger(__name__)

PATH: Final = "/images/{id}"
WORKSPACE_HEADER: Final = "X-Workspace"
METHODS: Final = "GET, HEAD, OPTIONS"
PART: Final = 1_048_576
"""Bytes that are read and sent at a time, whatever the size of a picture."""

_GUARDED: Final = {
    "X-Content-Type-Options": "nosniff",
    # Opened by itself a picture may do nothing at all, whatever its bytes turn out to be.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Vary": WORKSPACE_HEADER,
}
_PASSING: Final = {"Cache-Control": "no-store"}
# The bytes under an address never change. Private, since a workspace need not be everybody's: a cache that many share
# would hand its pictures to people who may not see them.
_LASTING: Final = {"Cache-Control": "private, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
_LAST_NONE: Final = re.compile(r"\w+=-0+")
_RETRY: Final = {"Retry-After": "1"}


class _Refused(Exception):
    """The request ends without a picture; the message says why to a person."""

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class ImageFiles:
    """Everything at `/images/<id>`. It answers that it is not there yet until it is given parts to work with."""

    def __init__(self, settings: Settings) -> None:
        # A page that shows a picture of another origin does not say which origin it is itself: it is all or none.
        policy = "cross-origin" if settings.cors_origins else "same-origin"
        self._headers = {**_GUARDED, "Cross-Origin-Resource-Policy": policy}
        self._parts: tuple[Parts, Thumbnails] | None = None

    def add_to(self, app: web.Application) -> None:
        """Add the route; give up what is being made when the application ends."""
        app.router.add_get(PATH, self._handle)
        app.router.add_options(PATH, self._options)
        app.on_cleanup.append(self._on_cleanup)

    def begin(self, parts: Parts) -> None:
        """From now on answer requests."""
        self._parts = parts, Thumbnails(parts.pictures)

    async def _options(self, _request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": METHODS})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except NotShown as error:
            return self._text(HTTPStatus.NOT_FOUND, str(error))
        except _Refused as refused:
            return self._text(refused.status, str(refused), refused.headers)
        except UnavailableError as error:
            _log.warning("picture_unavailable", error=str(error))
            message = "Pictures cannot be read just now; ask again in a moment."
            return self._text(HTTPStatus.SERVICE_UNAVAILABLE, message, _RETRY)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        gallery, width = self._gallery(request), _width(request)
        shown = await gallery.find(request.match_info["id"], width)
        headers = {**self._headers, **_LASTING, "ETag": f'"{shown.etag}"'}
        if any(known.value in {shown.etag, "*"} for known in request.if_none_match or ()):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        headers["Content-Type"] = shown.media_type
        headers["Content-Disposition"] = disposition(await gallery.name_of(shown), shown.media_type)
        body = await gallery.body_of(shown)
        span = _span(request, shown.etag, body.size)
        if span is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{body.size}"
        response = web.StreamResponse(status=HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK, headers=headers)
        if not await _send(request, response, body, span or range(body.size)):
            raise gallery.lost(shown)
        return response

    def _gallery(self, request: web.Request) -> Gallery:
        """The pictures of the workspace that is asked. Raises `_Refused`."""
        if self._parts is None:
            message = "The server waits for its store; ask again in a moment."
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, message, _RETRY)
        parts, thumbnails = self._parts
        return Gallery(parts.database.within(_workspace(request)), parts.pictures, thumbnails)

    def _text(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
        return web.Response(
            status=status, text=f"{message}\n", headers={**self._headers, **_PASSING, **(headers or {})}
        )

    async def _on_cleanup(self, _app: web.Application) -> None:
        if self._parts is not None:
            await self._parts[1].close()


def _workspace(request: web.Request) -> str:
    """From the address, since a page's <img> sends no headers of its own; else from the header. Raises `_Refused`."""
    try:
        return checked_workspace(request.query.get("workspace", request.headers.get(WORKSPACE_HEADER)))
    except WorkspaceNameError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, f"workspace: {error}") from None


def _width(request: web.Request) -> int | None:
    """The thumbnail's width; None: the picture as it is. Raises `_Refused`."""
    widths = {str(width): width for width in WIDTHS}
    if (wanted := request.query.get("w")) is None:
        return None
    if wanted not in widths:
        raise _Refused(HTTPStatus.BAD_REQUEST, f"w: a thumbnail is one of {', '.join(widths)} pixels wide")
    return widths[wanted]


def _span(request: web.Request, etag: str, size: int) -> range | None:
    """The one range of bytes that is asked for, which is not empty; None: all of them. Raises `_Refused`.

    A range that is none, several at once, and one that was meant for other bytes all count as none, as RFC 9110
    (14.2, 13.1.5) has it.
    """
    if request.method != hdrs.METH_GET or hdrs.RANGE not in request.headers:
        return None
    if request.headers.get(hdrs.IF_RANGE, f'"{etag}"') != f'"{etag}"':
        return None
    try:
        span = range(size)[request.http_range]
    except ValueError:
        return None
    # The last 0 bytes are none, too; as a slice they would be all.
    if not span or _LAST_NONE.fullmatch(request.headers[hdrs.RANGE]):
        text = f"There are {size} bytes."
        raise _Refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, text, {"Content-Range": f"bytes */{size}"})
    return span


async def _send(request: web.Request, response: web.StreamResponse, body: Body, span: range) -> bool:
    """Send these bytes, part by part; False, and nothing is sent, when they are gone. Raises `UnavailableError`."""
    is_head = request.method == hdrs.METH_HEAD
    ends = [span.start + 1] if is_head else [*range(span.start + PART, span.stop, PART), span.stop]
    part = await body.read(span.start, ends[0])  # before anything is said: what is missing can still be told
    if part is None:
        return False
    response.content_length = len(span)
    try:
        await response.prepare(request)
        if not is_head:
            await response.write(part)
        for start, end in pairwise(ends):
            await response.write(await _further(body, start, end))
        await response.write_eof()
    except ClientConnectionResetError:
        pass  # the client has left, as it may
    except UnavailableError as error:
        _log.warning("picture_cut_off", error=str(error))
        if request.transport is not None:
            request.transport.close()  # the length was promised: only so the client hears that it is not kept
    return True


async def _further(body: Body, start: int, end: int) -> bytes:
    part = await body.read(start, end)
    if part is None:
        raise UnavailableError("the bytes were removed while they were sent")
    return part
