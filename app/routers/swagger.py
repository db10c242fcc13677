"""The Swagger page at /docs, whole without the internet, and /openapi.json."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.fhir_mapping import codec
from app.routers import openapi

PAGES = Path(fastapi_offline.__file__).parent / "static"
FILES = "/docs-files"
OPENAPI = "/openapi.json"
PARAMETERS = {
    "docExpansion": "none",
    "defaultModelsExpandDepth": -1,
    "displayRequestDuration": True,
    "filter": True,
    "tryItOutEnabled": True,
}


def mount(app: FastAPI, *, sandbox: bool) -> None:
    """Add the page, the files it needs, and the description it shows."""
    document = openapi.document(sandbox=sandbox)
    described = codec.write(document)
    page = get_swagger_ui_html(
        openapi_url=OPENAPI,
        title=f"{app.title}: try it out",
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon.png",
        swagger_ui_parameters=PARAMETERS,
    )

    async def docs() -> HTMLResponse:
        return page

    async def description() -> Response:
        return Response(described, media_type="application/json")

    app.mount(FILES, StaticFiles(directory=PAGES), name="docs-files")
    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/docs/", docs, include_in_schema=False)
    app.add_api_route(OPENAPI, description, include_in_schema=False)
    app.openapi = lambda: document  # type: ignore[method-assign] # what FastAPI would draw knows no FHIR
