"""The browser pages: the explorer at /, GraphiQL at /graphiql, and the assets of both."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

__all__ = ["add_pages"]

# Every file is our own, and the pages may talk to this origin only; 'self' covers its WebSocket.
# GraphiQL's editor writes <style> elements and carries a font in its CSS: only that page may.
_EXPLORER_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_GRAPHIQL_POLICY: Final = _EXPLORER_POLICY | {
    "worker-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
}

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
# An asset's name holds the hash of its content. Workers live by the policy of their own file.
_ASSET_HEADERS: Final = _HEADERS | {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
}
_ASSET_NAME: Final = re.compile(r"[\w-][\w.-]*", re.ASCII)

_NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Continuum: pages not built</title>
<h1>The pages are not built yet</h1>
<p>The explorer and GraphiQL are made from <code>web/</code> by Node.js. To have them, run</p>
<pre>scripts/pages</pre>
<p>and load this page again; the server need not be restarted.</p>
<p>The API works all the same: send your GraphQL to <code>/graphql</code>.</p>
</html>
"""


def add_pages(app: web.Application, folder: Path, *, graphiql: bool) -> None:
    """Serve the pages that ``scripts/pages`` builds into ``folder``.

    The folder is looked at on each request, so that pages built later appear without a restart.
    With ``graphiql=False`` there is no /graphiql (404).
    """

    async def explorer(_request: web.Request) -> web.StreamResponse:
        return await _page(folder / "explorer.html", _EXPLORER_POLICY)

    async def graphiql_page(_request: web.Request) -> web.StreamResponse:
        return await _page(folder / "graphiql.html", _GRAPHIQL_POLICY)

    async def asset(request: web.Request) -> web.StreamResponse:
        return await _asset(folder / "assets", request.match_info["name"])

    app.router.add_get("/", explorer)
    app.router.add_get("/assets/{name}", asset)
    if graphiql:
        app.router.add_get("/graphiql", graphiql_page)


async def _page(path: Path, policy: Mapping[str, str]) -> web.StreamResponse:
    headers = _HEADERS | {"Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items())}
    if not await asyncio.to_thread(path.is_file):
        return _not_built(headers)
    return web.FileResponse(path, headers=headers | {"Cache-Control": "no-cache"})


def _not_built(headers: Mapping[str, str]) -> web.Response:
    # 503 and not 404: the address is right, and will answer once the pages are built.
    return web.Response(
        status=503,
        text=_NOT_BUILT,
        content_type="text/html",
        headers={**headers, "Cache-Control": "no-store"},
    )


async def _asset(folder: Path, name: str) -> web.StreamResponse:
    path = folder / name
    if not _ASSET_NAME.fullmatch(name) or not await asyncio.to_thread(path.is_file):
        raise web.HTTPNotFound(headers=_HEADERS)
    # FileResponse sends the .gz beside a file to those who accept it, with an ETag of its own.
    return web.FileResponse(path, headers=_ASSET_HEADERS)
