"""As much of S3 as obstore asks for: a small real server on a free port that keeps objects in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET  # what it reads was written by a client of these tests

from aiohttp import web

BUCKET = "shelf"
SECRET = "wJalrXUtnFEMI"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}
PAGE = 3
"""Keys on one page of a list: few, so that there is a second page."""


@dataclass
class FakeS3:
    """The server, and what is told of it."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and key of every request."""
    address: str = ""
    status: int | None = None
    """What every request is answered with, in place of an answer."""
    denied: str | None = None
    """The method that nobody may use."""
    held: str | None = None
    """The method whose requests wait until `free` is set."""
    held_for: str = ""
    """Of those only the ones for keys that end so."""
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        bucket, _, key = request.match_info["path"].partition("/")
        self.asked.append((request.method, key))
        if request.method == self.held and key.endswith(self.held_for):
            await self.free.wait()
        if self.status is not None or request.method == self.denied:
            return _failed(self.status or 403, request.headers["Authorization"])
        if bucket != BUCKET:
            return _failed(404, "NoSuchBucket")
        if request.method == "PUT":
            self.objects[key] = (await request.read(), datetime.now(UTC))
            return web.Response(headers={"ETag": _etag(self.objects[key][0])})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return web.Response(status=204)
        if request.method == "POST":
            return await self._deleted(request)
        return self._object(request, key) if key else self._page(request)

    async def seen(self, method: str, key: str, times: int = 1) -> None:
        """Wait until this was asked for so many times."""
        async with asyncio.timeout(10):
            while self.asked.count((method, key)) < times:  # noqa: ASYNC110 - requests come from outside
                await asyncio.sleep(0.005)

    def _object(self, request: web.Request, key: str) -> web.Response:
        if key not in self.objects:
            return _failed(404, "NoSuchKey")
        content, modified = self.objects[key]
        headers = {"ETag": _etag(content), "Last-Modified": format_datetime(modified, usegmt=True)}
        if "Range" not in request.headers:
            return web.Response(body=content, headers=headers)
        span = range(len(content))[request.http_range]
        if not span:
            return _failed(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(content)}"
        return web.Response(status=206, body=content[span.start : span.stop], headers=headers)

    def _page(self, request: web.Request) -> web.Response:
        prefix, after = request.query.get("prefix", ""), request.query.get("continuation-token", "")
        keys = [key for key in sorted(self.objects) if key.startswith(prefix) and key > after]
        if delimiter := request.query.get("delimiter"):
            return _folders(keys, prefix, delimiter)
        root = ET.Element("ListBucketResult")
        ET.SubElement(root, "IsTruncated").text = str(len(keys) > PAGE).lower()
        if len(keys) > PAGE:
            ET.SubElement(root, "NextContinuationToken").text = keys[PAGE - 1]
        for key in keys[:PAGE]:
            content, modified = self.objects[key]
            one = ET.SubElement(root, "Contents")
            ET.SubElement(one, "Key").text = key
            ET.SubElement(one, "LastModified").text = modified.isoformat()
            ET.SubElement(one, "ETag").text = _etag(content)
            ET.SubElement(one, "Size").text = str(len(content))
        return web.Response(body=ET.tostring(root), content_type="application/xml")

    async def _deleted(self, request: web.Request) -> web.Response:
        """Several objects at once."""
        root = ET.Element("DeleteResult")
        for key in ET.fromstring(await request.text()).findall(".//{*}Key"):
            self.objects.pop(key.text or "", None)
            ET.SubElement(ET.SubElement(root, "Deleted"), "Key").text = key.text
        return web.Response(body=ET.tostring(root), content_type="application/xml")


def _folders(keys: list[str], prefix: str, delimiter: str) -> web.Response:
    """What lies below a prefix, up to the next delimiter; objects there are left out."""
    root = ET.Element("ListBucketResult")
    ET.SubElement(root, "IsTruncated").text = "false"
    rests = (key.removeprefix(prefix).partition(delimiter) for key in keys)
    for name in dict.fromkeys(head + mark for head, mark, _ in rests if mark):
        ET.SubElement(ET.SubElement(root, "CommonPrefixes"), "Prefix").text = prefix + name
    return web.Response(body=ET.tostring(root), content_type="application/xml")


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def _failed(status: int, message: str) -> web.Response:
    text = f"<Error><Code>Failed</Code><Message>{message}</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")


@asynccontextmanager
async def fake_s3() -> AsyncIterator[FakeS3]:
    """The server, running."""
    fake = FakeS3()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.address = "http://{}:{}".format(*runner.addresses[0][:2])
        yield fake
    finally:
        await runner.cleanup()
