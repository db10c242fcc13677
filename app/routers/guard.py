"""What every answer tells a browser: run nothing of it, show it in no frame, keep it to yourself.

Sources: the OWASP secure headers and REST cheat sheets; the Fetch standard for what a page of another
origin may ask (CORS).
"""

from collections.abc import Mapping, Sequence

from app.settings import Settings

Headers = list[tuple[bytes, bytes]]

ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
DATA = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""An answer is data: nothing in it is run or loaded, whatever a sender wrote into a narrative. The page of
the description has a policy of its own."""
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b", ".join(
            b"Authorization Accept Content-Type If-Match If-None-Match If-None-Exist If-Modified-Since "
            b"Prefer X-Change-Reason X-Correlation-Id".split()
        ),
    ),
    (b"access-control-max-age", b"600"),
]
"""What a page of an origin that may ask is allowed to send."""
_EXPOSED = (
    b"access-control-expose-headers",
    b", ".join(
        b"ETag Location Content-Location Last-Modified Retry-After WWW-Authenticate Preference-Applied "
        b"X-Request-Id X-Correlation-Id X-Fate X-Inbox-Id X-Idempotent-Replay".split()
    ),
)
_VARIES = (b"vary", b"Origin")


class Guard:
    """The headers of this service's answers."""

    def __init__(self, settings: Settings) -> None:
        secure = (settings.base_url or "").startswith("https://")
        self._always = [*ALWAYS, DATA, *([_TLS_ONLY] if secure else [])]
        self._origins = {one.encode() for one in settings.cors_origins}

    def headers(self, asked: Mapping[bytes, bytes]) -> Headers:
        """What an answer says to a browser, beside what it is an answer to."""
        return [*self._always, *(self._shared(asked) if self._origins else ())]

    def is_preflight(self, method: str, asked: Mapping[bytes, bytes]) -> bool:
        """Whether a browser asks, for a page that may, what that page may send; nobody is signed in yet."""
        return (
            method == "OPTIONS"
            and asked.get(b"origin") in self._origins
            and b"access-control-request-method" in asked
        )

    def _shared(self, asked: Mapping[bytes, bytes]) -> Sequence[tuple[bytes, bytes]]:
        """That a page of this origin may read the answer; without cookies, for there are none."""
        origin = asked.get(b"origin")
        if origin is None or origin not in self._origins:
            return (_VARIES,)
        return (_VARIES, (b"access-control-allow-origin", origin), _EXPOSED)
