"""The HTTP application: one page, the same as data and as metrics, and nothing that could show a picture."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.http.metrics import CONTENT_TYPE, render_metrics
from access.http.page import render_message, render_status
from access.http.style import STYLE_HASH
from access.http.texts import language_of
from access.http.view import StatusView
from nvr.base.catalogue import Language
from nvr.base.errors import Retryable

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_UNAVAILABLE: Final = 503

Status = Callable[[], Awaitable[StatusView]]


def make_app(status: Status, *, zone: tzinfo) -> FastAPI:
    """The application; `status` is asked anew for each request, `zone` is the town's for the times shown.

    When `status` raises Retryable the page says so, with 503; any other error is a fault of the program.
    """
    app = FastAPI(title="Scellé", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_SecurityHeaders)

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(render_status(await status(), _language(request), zone))

    @app.get("/status.json")
    async def data() -> JSONResponse:
        return JSONResponse((await status()).to_json())

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(render_metrics(await status()), media_type=CONTENT_TYPE)

    app.add_exception_handler(Retryable, _no_answer)
    app.add_exception_handler(HTTPException, _refused)
    return app


async def _no_answer(request: Request, _: Exception) -> Response:
    return HTMLResponse(render_message("no-answer", _language(request)), status_code=_UNAVAILABLE)


async def _refused(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else _UNAVAILABLE
    return HTMLResponse(render_message("not-found", _language(request)), status_code=code)


def _language(request: Request) -> Language:
    return language_of(request.query_params.get("lang"), request.headers.get("accept-language"))


class _SecurityHeaders:
    """Adds the headers to every answer, whatever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
