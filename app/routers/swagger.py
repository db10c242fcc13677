"""The page /docs, where calls are tried out and one signs in, whole without the internet; /openapi.json.

No script and no style stands in the page itself, so that its policy can forbid them (`POLICY`).
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.fhir_mapping import codec
from app.routers import openapi

OWN = Path(__file__).with_name("pages")
SWAGGER = Path(fastapi_offline.__file__).parent / "static"
OPENAPI = "/openapi.json"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " style-src 'self' 'unsafe-inline';"  # Swagger writes style attributes
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own, and from here; Content-Security-Policy."""
_HEADERS: Final = {"Content-Security-Policy": POLICY}


def mount(app: FastAPI, *, sandbox: bool) -> None:
    """Add the page, the files it needs, and the description it shows.

    `app.state.ready_clients` are those one may sign in as with a click: the demonstration's, or none.
    """
    page = HTMLResponse((OWN / "docs.html").read_bytes(), headers=_HEADERS)
    app.state.ready_clients = []

    async def docs() -> HTMLResponse:
        return page

    async def clients(request: Request) -> Response:
        found: list[dict[str, Any]] = request.app.state.ready_clients
        return _json(codec.write({"open": sandbox, "clients": found}))

    async def description() -> Response:
        return _json(_described(sandbox))

    app.mount("/docs-files", StaticFiles(directory=SWAGGER), name="docs-files")
    app.mount("/docs-page", StaticFiles(directory=OWN / "files"), name="docs-page")
    for path in ("/docs", "/docs/"):
        app.add_api_route(path, docs, include_in_schema=False)
    app.add_api_route("/docs/clients", clients, include_in_schema=False)
    app.add_api_route(OPENAPI, description, include_in_schema=False)
    app.openapi = lambda: openapi.document(sandbox=sandbox)  # type: ignore[method-assign] # what FastAPI would draw knows no FHIR


@cache
def _described(sandbox: bool) -> bytes:
    """The description as the page reads it; it is large, and the same for every application of a process."""
    return codec.write(openapi.document(sandbox=sandbox))


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
