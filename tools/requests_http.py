"""Write openapi/requests.http: every address ready to run, drawn from the OpenAPI description.

python -m tools.requests_http
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from app.fhir_mapping import codec
from app.routers import openapi

TARGET = Path(__file__).parent.parent / "openapi" / "requests.http"
HEAD = """# Every address of the service, ready to run against the demonstration trial (`make run`).
# For editors that run .http files; the tests run them too. Drawn by `python -m tools.requests_http`.
@server = http://127.0.0.1:8000
"""
METHODS = ("get", "post", "put", "patch", "delete")

Said = dict[str, Any]


def text() -> str:
    """The file."""
    document = openapi.document()
    parts = [HEAD]
    for tag in document["tags"]:
        parts.append(f"\n# ---- {tag['name']} ----\n")
        parts += [
            written
            for path, methods in document["paths"].items()
            for method in METHODS
            if tag["name"] in methods.get(method, {}).get("tags", ())
            for written in _requests(document, path, method.upper(), methods[method])
        ]
    return "".join(parts)


def _requests(document: Said, path: str, method: str, said: Said) -> Iterator[str]:
    """One request for each body the description shows, or one without."""
    query: list[tuple[str, str]] = []
    for parameter in (_resolved(document, one) for one in said.get("parameters", ())):
        if "example" in parameter and parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(parameter["example"]))
        elif "example" in parameter and parameter["in"] == "query":
            query.append((parameter["name"], str(parameter["example"])))
    if "{" in path:
        return  # the id of what happens while it runs
    address = f"{path}?{urlencode(query, quote_via=quote, safe=':/|,')}" if query else path
    for kind, shown in _bodies(said):
        headers = f"Content-Type: {kind}\n" if kind else ""
        content = f"\n{shown}\n" if shown else ""
        yield f"\n### {said['summary']}\n{method} {{{{server}}}}{address}\n{headers}{content}"


def _bodies(said: Said) -> Iterator[tuple[str, str]]:
    content = said.get("requestBody", {}).get("content", {})
    if not content:
        yield "", ""
    for kind, described in content.items():
        shown = [one["value"] for one in described.get("examples", {}).values()]
        shown = shown or [described[name] for name in ("example",) if name in described]
        for one in shown:
            form = kind.endswith("urlencoded")
            plain = one if isinstance(one, str) else _indented(one)
            yield kind, urlencode(one, safe=":/|") if form else plain


def _indented(document: Any) -> str:
    return msgspec.json.format(codec.write(document), indent=2).decode()


def _resolved(document: Said, said: Said) -> Said:
    found: Any = said
    if "$ref" in said:
        found = document
        for step in said["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return dict(found)


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
    print(TARGET.name)
