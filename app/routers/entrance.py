"""Who asks: the token of a request becomes an asker, with what they may see and do."""

from dataclasses import replace

from app.fhir_mapping.outcome import Issue, Refusal
from app.settings import Settings
from app.store.asker import OPEN, Asker
from app.store.session import Store


class Entrance:
    """Lets clients in by their access tokens; an open sandbox lets in whoever comes without one."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def asker(self, authorization: str | None, *, address: str, request: str) -> Asker:
        """Who asks, from which address, in which request. Refusal 401 where they may not come in."""
        if authorization is None and self._settings.is_open:
            return replace(OPEN, actor=replace(OPEN.actor, address=address, request=request))
        raise unauthorised("sign in: send Authorization: Bearer and an access token of this server")


def unauthorised(text: str, error: str | None = None) -> Refusal:
    """401, with how to sign in; `error` is that of RFC 6750, where a token was sent."""
    challenge = 'Bearer realm="Trialbridge"' + ("" if error is None else f', error="{error}"')
    return Refusal(401, (Issue("login", text, "http.authorization"),), {"WWW-Authenticate": challenge})
