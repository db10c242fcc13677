"""How one signs in, and what each call needs, in the words of OpenAPI."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from app.fhir_mapping.access.scope import LETTERS
from app.fhir_mapping.operation import Operation
from app.routers import permits
from app.routers.assertions import TOKEN_PATH
from app.routers.fragments import Said, refusal, refusals
from app.routers.requests import FORM
from app.routers.routes import Handler
from app.routers.tokens import BY_ASSERTION, KEYS_PATH, REVOKE_PATH

SIGN_IN: Final = "Sign in"
_SMART, _BEARER = "smart", "bearer"
_ABOUT: Final = (
    "SMART Backend Services: a registered client signs an assertion with its private key (ES384 or RS384) and"
    " gets an access token for five minutes. The panel *Sign in* at the top of `/docs` does so."
)
_LETTERS: Final = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}
_REFUSED: Final = {
    "401": (
        "Nobody signed in, or the token counts no more.",
        "login",
        "sign in: send Authorization: Bearer …",
    ),
    "403": (
        "The token does not allow it: the answer names the scope that is missing.",
        "forbidden",
        "the token does not allow this: it needs the scope system/Observation.r",
    ),
    "429": (
        "Too many requests of this client, or more under way than the server can hold: wait for Retry-After.",
        "throttled",
        "too many requests: send it again after 12 seconds",
    ),
}
_HEADERS: Final = {"401": "WWW-Authenticate", "429": "Retry-After"}


def scopes_of(handler: Handler, kind: str) -> tuple[str, ...]:
    """The scopes an interaction with a type needs."""
    letters = permits.NEEDED[handler]
    return (f"system/{kind}.{''.join(letter for letter in LETTERS if letter in letters)}",)


def scopes_of_operation(asked: Operation, kind: str | None) -> tuple[str, ...]:
    """The scopes an operation needs: to read all its answer rests on."""
    own = () if kind is None or asked.acts else (kind,)
    return tuple(f"system/{name}.r" for name in sorted({*own, *asked.rests_on}))


def signed_in(said: Said, scopes: Iterable[str]) -> Said:
    """A call that one signs in for, with the scopes it needs, and how it is refused who may not."""
    answers = refusals(*_REFUSED) | said["responses"]
    security: list[dict[str, list[str]]] = [{_SMART: list(scopes)}, {_BEARER: []}]
    return said | {"security": security, "responses": dict(sorted(answers.items()))}


def opened(paths: Said) -> None:
    """Say that an open sandbox is asked without signing in, too."""
    for said in _operations(paths):
        if "security" in said:
            said["security"] = [{}, *said["security"]]


def schemes(paths: Said) -> Said:
    """The ways to sign in, with every scope that a call needs."""
    scopes = sorted(
        {
            scope
            for said in _operations(paths)
            for one in said.get("security", ())
            for scope in one.get(_SMART, ())
        }
    )
    flow = {"tokenUrl": TOKEN_PATH, "scopes": {scope: _meaning(scope) for scope in scopes}}
    return {
        _SMART: {"type": "oauth2", "description": _ABOUT, "flows": {"clientCredentials": flow}},
        _BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token that was got before.",
        },
    }


def responses() -> Said:
    """How calls are refused that one has to sign in for."""
    found: Said = {}
    for status, (about, code, text) in _REFUSED.items():
        said = refusal(about)
        issue = {"severity": "error", "code": code, "diagnostics": text}
        said["content"]["application/fhir+json"]["example"] = {
            "resourceType": "OperationOutcome",
            "issue": [issue],
        }
        if status in _HEADERS:
            said["headers"] = {_HEADERS[status]: {"schema": {"type": "string"}}}
        found[f"Refused{status}"] = said
    return found


def paths() -> Said:
    """Where tokens are got, given back, and verified by which keys."""
    assertion = {
        "client_assertion_type": {"type": "string", "enum": [BY_ASSERTION]},
        "client_assertion": {
            "type": "string",
            "description": "A JWT: iss and sub the client, aud this address.",
        },
    }
    grant = {"grant_type": {"type": "string", "enum": ["client_credentials"]}}
    scope = {
        "scope": {"type": "string", "description": "What of its scopes it wants, such as `system/*.rs`."}
    }
    token = {"token": {"type": "string", "description": "The access token."}}
    return {
        TOKEN_PATH: {"post": _form("token", "Get an access token", _ABOUT, grant | assertion | scope)},
        REVOKE_PATH: {
            "post": _form(
                "revoke", "Give an access token back", "It counts no more from then on.", token | assertion
            )
        },
        KEYS_PATH: {
            "get": {
                "operationId": "keys",
                "summary": "The keys access tokens are verified by",
                "description": "Public keys, as a JWK Set.",
                "tags": [SIGN_IN],
                "responses": {"200": _plain("A JWK Set.")},
            }
        },
    }


def _form(name: str, summary: str, about: str, properties: Said) -> Said:
    schema = {"type": "object", "properties": properties}
    return {
        "operationId": name,
        "summary": summary,
        "description": about,
        "tags": [SIGN_IN],
        "requestBody": {"required": True, "content": {FORM: {"schema": schema}}},
        "responses": {
            "200": _plain("What was asked for."),
            "400": _plain("The form is not as RFC 6749 has it: `error` and `error_description` say why."),
            "401": _plain("The assertion is not believed: `invalid_client`."),
            "429": {"$ref": "#/components/responses/Refused429"},
        },
    }


def _plain(about: str) -> Said:
    return {"description": about, "content": {"application/json": {"schema": {"type": "object"}}}}


def _operations(paths: Said) -> Iterator[dict[str, Any]]:
    for methods in paths.values():
        yield from methods.values()


def _meaning(scope: str) -> str:
    kind, _, letters = scope.removeprefix("system/").partition(".")
    return f"{' and '.join(_LETTERS[letter] for letter in letters)} {kind}"
