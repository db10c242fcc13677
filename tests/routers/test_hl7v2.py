"""HL7 v2 over HTTP: what is stored of a message, what its ACK says, and what never gets in."""

import asyncio
from typing import Any

import httpx
import pytest

from app.fhir_mapping.sender import Sender
from app.settings import Settings
from tests.fhir_mapping.hl7v2_messages import (
    EPIC,
    GLIMS,
    LAB,
    MSH,
    OBR,
    SENDER,
    SUBJECTS,
    message,
    result,
)
from tests.pushes import registered

ER7 = {"Content-Type": "application/hl7-v2"}
SUBJECT = {
    "resourceType": "Patient",
    "id": "hl7-subject",
    "identifier": [{"system": SUBJECTS, "value": "014"}],
}
C3 = "OBX|1|NM|C3N^C3^L||0.71|g/L^^UCUM|0.9-1.8|L|||F"


@pytest.fixture
async def lab(settings: Settings, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows the laboratory and one subject."""
    registered(settings.database_url, SENDER)
    stored = await client.put("/fhir/Patient/hl7-subject", json=SUBJECT)
    assert stored.status_code == 201
    return client


async def sent(client: httpx.AsyncClient, raw: bytes, **headers: str) -> tuple[int, dict[str, list[str]]]:
    """The status, and the segments of the ACK, the last of each name."""
    answer = await client.post("/hl7v2", content=raw, headers=ER7 | headers)
    segments = [line.split("|") for line in answer.text.split("\r") if line]
    assert [one[0] for one in segments][:2] == ["MSH", "MSA"], answer.text
    return answer.status_code, {one[0]: one for one in segments}


async def stored(client: httpx.AsyncClient, kind: str = "Observation") -> list[dict[str, Any]]:
    answer = await client.get(f"/fhir/{kind}")
    return [one["resource"] for one in answer.json().get("entry", [])]


async def test_a_message_is_stored_and_acknowledged(lab: httpx.AsyncClient) -> None:
    status, ack = await sent(lab, GLIMS)

    assert (status, ack["MSA"][1], ack["MSA"][2]) == (200, "AA", "4711")
    assert ack["MSH"][2:6] == ["TRIALBRIDGE", "TRIAL", "GLIMS", "CHU-NANTES"]
    assert ack["MSH"][8] == "ACK^R01^ACK"
    found = {one["identifier"][0]["value"]: one for one in await stored(lab)}
    assert found["L2109140817^C3N"]["valueQuantity"]["value"] == 0.71
    assert found["L2109140817^C3N"]["subject"] == {"reference": "Patient/hl7-subject"}
    for kind in ("Specimen", "ServiceRequest", "DiagnosticReport"):
        [one] = await stored(lab, kind)
        assert one["subject"] == {"reference": "Patient/hl7-subject"}
    [report] = await stored(lab, "DiagnosticReport")
    assert {one["reference"] for one in report["result"]} == {
        f"Observation/{one['id']}" for one in found.values()
    }


@pytest.mark.parametrize("raw", [GLIMS, EPIC], ids=["glims", "epic"])
async def test_a_resend_after_a_lost_ack_is_stored_once(lab: httpx.AsyncClient, raw: bytes) -> None:
    await sent(lab, raw)
    before = {kind: await stored(lab, kind) for kind in ("Observation", "DiagnosticReport", "Specimen")}
    status, ack = await sent(lab, raw.replace(b"20240301101500", b"20240301111500", 1))

    assert (status, ack["MSA"][1]) == (200, "CA" if raw is EPIC else "AA")  # Epic's asks for CA
    assert "replayed" in ack["MSA"][3]
    assert {kind: await stored(lab, kind) for kind in before} == before


async def test_preliminary_then_u_then_corrected_is_one_result_with_its_history(
    lab: httpx.AsyncClient,
) -> None:
    later = [OBR.replace("101200", at) for at in ("101200", "120000", "150000")]
    await sent(lab, result(C3.removesuffix("F") + "P", obr=later[0]))
    status, ack = await sent(lab, result("OBX|1|NM|C3N^C3^L||||||||U", obr=later[1]))
    assert (status, ack["MSA"][1]) == (200, "AA"), ack
    [final] = await stored(lab)
    assert (final["status"], final["valueQuantity"]["value"]) == ("final", 0.71)
    assert final["issued"] == "2024-03-01T12:00:00+01:00"

    _, again = await sent(lab, result("OBX|1|NM|C3N^C3^L||||||||U", obr=later[1]))
    assert again["MSA"][1] == "AA"
    await sent(lab, result(C3.replace("0.71", "0.81").removesuffix("F") + "C", obr=later[2]))
    _, late = await sent(lab, result(C3.removesuffix("F") + "P", obr=later[0]))
    assert late["MSA"][1] == "AA"

    [corrected] = await stored(lab)
    assert (corrected["status"], corrected["valueQuantity"]["value"]) == ("corrected", 0.81)
    assert corrected["id"] == final["id"]


async def test_u_of_what_never_came_is_refused_naming_the_segment(lab: httpx.AsyncClient) -> None:
    status, ack = await sent(lab, result("OBX|1|NM|C3N^C3^L||||||||U"))

    assert (status, ack["MSA"][1]) == (422, "AE")
    assert ack["ERR"][2:5] == ["OBX^1^11^1", "204^Unknown key identifier^HL70357", "E"]


async def test_an_unknown_subject_is_parked_and_nobody_is_asked_to_send_it_again(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    registered(settings.database_url, SENDER)
    status, ack = await sent(client, GLIMS)

    assert (status, ack["MSA"][1]) == (202, "AA")
    assert ack["ERR"][4] == "W"
    assert "parked" in ack["ERR"][8]
    assert await stored(client) == []


async def test_what_was_parked_is_stored_by_itself_when_the_subject_is_registered(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    registered(settings.database_url, SENDER)
    await sent(client, GLIMS)
    await client.put("/fhir/Patient/hl7-subject", json=SUBJECT)

    found = await stored(client)
    for _ in range(400):
        if len(found) == 4:
            break
        await asyncio.sleep(0.05)
        found = await stored(client)
    assert {one["subject"]["reference"] for one in found} == {"Patient/hl7-subject"}
    _, ack = await sent(client, GLIMS)
    assert "replayed" in ack["MSA"][3]


async def test_an_empty_obx_11_is_an_error_to_mend(lab: httpx.AsyncClient) -> None:
    status, ack = await sent(lab, result(C3.removesuffix("F")))

    assert (status, ack["MSA"][1]) == (422, "AE")
    assert ack["ERR"][2:5] == ["OBX^1^11^1", "101^Required field missing^HL70357", "E"]


async def test_a_contradiction_is_an_error_at_its_segment(lab: httpx.AsyncClient) -> None:
    await sent(lab, result(C3))
    status, ack = await sent(lab, result(C3.replace("0.71", "0.72")))

    assert (status, ack["MSA"][1]) == (409, "AE")
    assert ack["ERR"][2:4] == ["OBX^1", "205^Duplicate key identifier^HL70357"]
    assert "0.7" not in ack["ERR"][8]


@pytest.mark.parametrize(
    ("said", "status", "condition"),
    [
        ({9: "ADT^A01"}, 415, "200^Unsupported message type^HL70357"),
        ({9: "ORU^R30"}, 415, "201^Unsupported event code^HL70357"),
        ({11: "D"}, 415, "202^Unsupported processing id^HL70357"),
        ({12: "2.1"}, 415, "203^Unsupported version id^HL70357"),
        ({3: "NOBODY"}, 403, "204^Unknown key identifier^HL70357"),
    ],
)
async def test_what_is_not_for_us_is_rejected(
    lab: httpx.AsyncClient, said: dict[int, str], status: int, condition: str
) -> None:
    fields = MSH.split("|")
    for field, text in said.items():
        fields[field - 1] = text
    answered, ack = await sent(lab, message(OBR, C3, msh="|".join(fields)))

    assert (answered, ack["MSA"][1]) == (status, "AR")
    assert ack["ERR"][3] == condition


async def test_what_is_no_message_is_answered_by_an_ack_all_the_same(lab: httpx.AsyncClient) -> None:
    assert (await sent(lab, b"hello"))[1]["MSA"][1] == "AE"
    answer = await lab.post("/hl7v2", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 415
    assert "MSA|AR" in answer.text
    assert (await lab.get("/hl7v2")).status_code == 405


async def test_in_versions_before_2_5_the_error_is_where_they_look_for_it(lab: httpx.AsyncClient) -> None:
    _, ack = await sent(lab, message(OBR, C3.removesuffix("F"), msh=MSH.replace("|2.5", "|2.3")))

    assert ack["ERR"][1] == "OBX^1^11^101&Required field missing&HL70357"


@pytest.mark.parametrize(
    ("accept", "application", "said"),
    [("", "", "AA"), ("AL", "NE", "CA"), ("NE", "AL", "AA"), ("AL", "AL", "AA"), ("NE", "NE", "AA")],
)
async def test_in_enhanced_mode_the_acknowledgment_asked_for_is_given(
    lab: httpx.AsyncClient, accept: str, application: str, said: str
) -> None:
    _, ack = await sent(lab, message(OBR, C3, msh=f"{MSH}|||{accept}|{application}"))

    assert ack["MSA"][1] == said


async def test_the_acknowledgment_is_in_the_senders_signs(lab: httpx.AsyncClient) -> None:
    raw = result(C3).decode().translate(str.maketrans("|^~\\&", "$%!@#"))
    answer = await lab.post("/hl7v2", content=raw.encode(), headers=ER7)

    assert answer.text.startswith("MSH$%!@#$TRIALBRIDGE$TRIAL$GLIMS$CHU-NANTES$")
    assert "\rMSA$AA$4711$" in answer.text


async def test_a_national_number_is_refused_wherever_it_stands(lab: httpx.AsyncClient) -> None:
    status, ack = await sent(lab, result(C3, "NTE|1||Patient 1 85 05 78 006 084 91"))

    assert (status, ack["MSA"][1]) == (422, "AE")
    assert ack["ERR"][2] == "OBX^1"
    assert "006" not in ack["ERR"][8]
    assert await stored(lab) == []


async def test_a_sender_without_a_subject_system_is_told_to_ask_the_operator(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    registered(settings.database_url, Sender(name="bare", systems=(LAB,), applications=SENDER.applications))
    status, ack = await sent(client, result(C3))

    assert (status, ack["MSA"][1]) == (403, "AR")


@pytest.mark.parametrize(
    ("raw", "fate", "rows"),
    [
        (result(C3), "stored", 2),
        (result(C3.removesuffix("F")), "refused", 1),
        (result(C3, "NTE|1||1 85 05 78 006 084 91"), "refused", 2),
    ],
    ids=["stored", "unreadable", "identifying"],
)
async def test_the_inbox_tells_what_became_of_each_message(
    lab: httpx.AsyncClient, raw: bytes, fate: str, rows: int
) -> None:
    await sent(lab, raw)
    answer = await lab.get("/fhir/$inbox", params={"sender": "lab", "message": "4711", "view": "plain"})

    told = answer.json()["messages"]
    assert [(one["fate"], one["door"]) for one in told] == [(fate, "hl7v2")] * rows
