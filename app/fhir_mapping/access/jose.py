"""Signed tokens (JWS): by which keys they are believed, and what they say once their signature holds.

Nothing a token says of its own key (`jwk`, `jku`, `x5u`, `x5c`) is ever looked at.
Sources: RFC 7515, 7517, 7519, 8725 (JWT best current practices); SMART App Launch 2.2, backend services.
"""

from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, import_key

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Refusal

Jwk = Mapping[str, Any]
Claims = Mapping[str, Any]

SIGNING: Final = "ES384"
OF_CLIENTS: Final = ("RS384", "ES384")
OF_ISSUERS: Final = ("RS256", "RS384", "ES256", "ES384")
_KINDS: Final = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
_PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_BITS: Final = range(2048, 8193)
_LONGEST: Final = 10_000
_SKEW: Final = 60
"""Seconds by which the clock of who signs may be ahead of ours."""
_A_LITTLE: Final = 5


@dataclass(eq=False)
class Denied(Exception):
    """A token, or a request for one, that is not believed: the error as OAuth calls it, and what to do.

    `client` is the registered client it says it is of, where it got so far.
    """

    error: str
    text: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature nobody has looked at yet; what it `claims` is not to be believed."""

    token: str
    algorithm: str
    kid: str
    kind: str
    claims: Claims

    @staticmethod
    def of(token: str, algorithms: Collection[str]) -> "Signed":
        """A token as it was sent. Denied (`invalid_token`) where it is none, or signed otherwise."""
        if len(token) > _LONGEST:
            raise Denied("invalid_token", f"a token has at most {_LONGEST} characters here")
        try:
            found = jws.extract_compact(token.encode("ascii"))
            header, claims = dict(found.headers()), codec.read(bytes(found.payload))
        except (JoseError, Refusal, ValueError, TypeError, KeyError, RecursionError):
            raise Denied("invalid_token", "this is no JSON Web Token in its compact form") from None
        algorithm, kid, kind = (header.get(name) for name in ("alg", "kid", "typ"))
        if algorithm not in algorithms or "crit" in header or "b64" in header:
            text = f"sign by {' or '.join(algorithms)}, without crit"
            raise Denied("invalid_token", text)
        if not isinstance(kid, str) or not kid:
            raise Denied("invalid_token", "name the key it is signed with: kid in the header")
        return Signed(token, str(algorithm), kid, str(kind or "").lower(), claims)

    def verified(self, keys: Sequence[Jwk]) -> Claims:
        """What it claims, once the key it names has verified it. Denied where none of these is that key."""
        for key in keys:
            if key.get("kid") == self.kid and self.algorithm in algorithms_of(key):
                return self._by(key)
        raise Denied("invalid_token", "it names a key (kid) that is not known here, or not for its alg")

    def _by(self, key: Jwk) -> Claims:
        try:
            jwt.decode(self.token, import_key(dict(_public(key))), algorithms=[self.algorithm])
        except (JoseError, ValueError, TypeError):
            raise Denied("invalid_token", "its signature is not that of the key it names") from None
        return self.claims


def signed(claims: Claims, key: Jwk, *, kind: str) -> str:
    """A token that says this, signed with a key of our own."""
    header = {"alg": SIGNING, "kid": str(key["kid"]), "typ": kind}
    return jwt.encode(header, dict(claims), import_key(dict(key)), algorithms=[SIGNING])


def new_key() -> Jwk:
    """A fresh key to sign with; its kid is its thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-384", private=True)
    return {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": SIGNING, "use": "sig"}


def published(keys: Sequence[Jwk]) -> dict[str, Any]:
    """The public side of keys, as everybody may see it."""
    return {"keys": [dict(_public(key)) for key in keys]}


def _public(key: Jwk) -> Jwk:
    return {name: value for name, value in key.items() if name not in (*_PRIVATE, "key_ops")}


def check_times(claims: Claims, now: datetime, *, ahead: int | None = None) -> int:
    """When a token ends, in seconds since 1970; Denied where it ended, has not begun, or says no such thing.

    `ahead` is how many seconds ahead its end may lie at most.
    """
    at, ends = now.timestamp(), claims.get("exp")
    if not isinstance(ends, int) or isinstance(ends, bool):
        raise Denied("invalid_token", "say in exp when it ends: a whole number of seconds since 1970")
    if ends <= at:
        raise Denied("invalid_token", "it has expired: ask with a fresh one")
    if ahead is not None and ends > at + ahead + _A_LITTLE:
        raise Denied("invalid_token", f"exp may lie {ahead} seconds ahead at most")
    for name in ("nbf", "iat"):
        begins = claims.get(name)
        if begins is not None and not _has_begun(begins, at):
            raise Denied("invalid_token", f"{name} must be a number of seconds since 1970 and not lie ahead")
    return ends


def _has_begun(begins: object, at: float) -> bool:
    number = isinstance(begins, int | Decimal) and not isinstance(begins, bool)
    return number and float(begins) <= at + _SKEW  # type: ignore[arg-type] # a number, as just seen


def algorithms_of(key: Jwk) -> list[str]:
    """The algorithms a public key may verify; none where it is not fit for any."""
    found = [name for name, kind in _KINDS.items() if kind in ((key.get("kty"), None), _curve(key))]
    said = key.get("alg")
    return found if said is None else [name for name in found if name == said]


def _curve(key: Jwk) -> tuple[object, object]:
    return key.get("kty"), key.get("crv")


def key_problems(jwks: Jwk) -> Iterator[str]:
    """Every reason why a client cannot be known by these public keys."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) for key in keys):
        yield 'a JWKS is {"keys": [...]} with one public key or more'
        return
    kids = [key.get("kid") for key in keys]
    for number, key in enumerate(keys):
        if text := key_problem(key):
            yield f"keys[{number}]: {text}"
        elif kids.count(key["kid"]) > 1:
            yield f"keys[{number}]: its kid is another's, too; a kid names one key"


def key_problem(key: Jwk, algorithms: Collection[str] = OF_CLIENTS) -> str | None:
    """Why a key is not taken; None where it is."""
    if any(name in key for name in _PRIVATE):
        return "this is a private key: keep it, make a new one, and send its public side"
    if not isinstance(key.get("kid"), str) or not key["kid"]:
        return "give it a kid, by which its tokens will name it"
    if not {*algorithms_of(key)} & {*algorithms}:
        return f"it is for none of {', '.join(algorithms)}"
    if key.get("use", "sig") != "sig" or "verify" not in key.get("key_ops", ["verify"]):
        return "it is not for signatures (use: sig)"
    return _unsound(key)


def _unsound(key: Jwk) -> str | None:
    try:
        bits = _bits(key) if key["kty"] == "RSA" else _BITS.start
        if bits not in _BITS:
            return f"an RSA key has {_BITS.start} to {_BITS.stop - 1} bits here, not {bits}"
        import_key(dict(key))
    except (JoseError, ValueError, TypeError, KeyError):
        return "it is not a key as RFC 7517 writes one"
    return None


def _bits(key: Jwk) -> int:
    text = str(key["n"])
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big").bit_length()
