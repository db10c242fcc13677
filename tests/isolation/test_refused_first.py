"""Who may not write at all is refused alike, whether or not something out of their sight stands there."""

from pathlib import Path
from typing import Any

import pytest

from tests.isolation.asks import FHIR_JSON, Ask, json_body
from tests.isolation.conftest import Filled
from tests.isolation.matrix import fingerprint, send
from tests.isolation.roles import CLIENTS
from tests.isolation.test_leak_matrix import asked_by
from tests.isolation.world import TARGETS, stored_as

SPONSOR = next(who for who in CLIENTS if who.name == "sponsor")
HIDDEN = next(
    target
    for target in TARGETS
    if target.type == "Observation" and not SPONSOR.may_see(target.group, "Patient")
)


def entry(method: str) -> dict[str, Any]:
    request = {"method": method, "url": f"Observation/{HIDDEN.id}"}
    return {"request": request} | ({"resource": stored_as(HIDDEN)} if method == "PUT" else {})


@pytest.mark.rule(78)
@pytest.mark.parametrize("filled", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_write_nobody_allowed_tells_not_what_is_there(
    filled: Filled, tmp_path: Path, kind: str, method: str
) -> None:
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry(method)]}
    ask = Ask("POST", "/", (), json_body(bundle), FHIR_JSON)

    async with asked_by(filled, SPONSOR, tmp_path) as (client, signed, _):
        never, hidden = await send(client, ask.of_nobody(), signed), await send(client, ask, signed)

    assert "403" in f"{hidden.status_code} {hidden.text}"
    assert fingerprint(hidden) == fingerprint(never)
