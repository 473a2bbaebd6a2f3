"""What is added to all answers: leave for the pages of other origins to read them."""

from collections.abc import Collection

from aiohttp import web

_MAX_AGE = 3_600
_ALLOWED = "Accept, Content-Type, X-Workspace, X-Request-ID, traceparent, tracestate"
_NOT_FOR_PAGES = frozenset({"/metrics"})
"""What no page of another origin has any business with."""


def add_cors(app: web.Application, origins: Collection[str]) -> None:
    """Let the pages of these origins call the API. Cookies play no part here, so none are allowed.

    A signal, not a middleware: streams and sockets have sent their headers before a middleware sees them.
    """
    allowed = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() not in allowed or request.path in _NOT_FOR_PAGES:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "X-Request-ID"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "POST"
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED
            response.headers["Access-Control-Max-Age"] = str(_MAX_AGE)

    if allowed:
        app.on_response_prepare.append(add_headers)
