"""The two pages for people who write clients: the API's description at `/docs`, its error codes at `/problems`.

Both work without a network: Swagger UI comes with the wheel `fastapi-offline`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from html import escape

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline

from api.problems import PROBLEMS
from engine.decision import ENGINE_VERSION

_STYLE = "body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem}td,th{padding:.3rem .8rem;text-align:left}"
_DOCS_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'"
)
_PROBLEMS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


def new_app(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """An application whose `/docs` needs nothing from outside."""
    return FastAPIOffline(
        title="Writ",
        version=ENGINE_VERSION.removeprefix("writ "),
        description="Decisions from written policies, each with its reasons and its record.",
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        favicon_url="data:,",
        static_url="/docs-assets",
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
        redirect_slashes=False,
    )


def content_policy(path: str) -> str:
    """What a browser may load for an answer from `path`: of the pages their own assets, of anything else nothing."""
    if path.startswith("/docs"):
        return _DOCS_POLICY
    return _PROBLEMS_POLICY if path == "/problems" or path.endswith("/certificate") else _NO_PAGE


def problems_page() -> HTMLResponse:
    """Every error code with what it means and what to do; an error's `type` leads here."""
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{kind.status}</td>'
        f"<td>{escape(kind.title)}</td><td>{escape(kind.mend)}</td></tr>"
        for code, kind in PROBLEMS.items()
    )
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Writ: problems</title><style>{_STYLE}</style>"
        "<h1>Problems</h1><p>The <code>code</code> of every <code>application/problem+json</code> answer.</p>"
        f"<table><tr><th>code<th>status<th>what<th>what to do</tr>{rows}</table></html>"
    )
