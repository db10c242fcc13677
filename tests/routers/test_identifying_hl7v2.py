"""Of an HL7 v2 message what identifies the patient is read over, and kept nowhere."""

import httpx
import pytest

from app.settings import Settings
from tests.contents import contents
from tests.fhir_mapping.hl7v2_messages import EPIC, MSH, OBR, SENDER, message, result
from tests.fhir_mapping.numbered import keyed
from tests.pushes import registered

ER7 = {"Content-Type": "application/hl7-v2"}
BARE = "2870175116001"
NUMBER = BARE + keyed(BARE)
C3 = "OBX|1|NM|C3N^C3^L||0.71|g/L^^UCUM|0.9-1.8|L|||F"
PID = (
    f"PID|1||{NUMBER}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS~014^^^msc-sle-subject"
    f"||BEEBLEBROX^TRILLIAN^^^^^L||19870112|F|||1 RUE DES ETOILES^^NANTES||0240000000|||||{NUMBER}"
)
TELLING = ("BEEBLEBROX", "TRILLIAN", "19870112", "1987-01-12", "ETOILES", "0240000000", BARE)


@pytest.mark.parametrize("known", [True, False])
async def test_who_the_patient_is_by_name_number_and_address_is_kept_nowhere(
    settings: Settings, client: httpx.AsyncClient, known: bool
) -> None:
    registered(settings.database_url, SENDER)
    if known:
        subject = {"system": SENDER.subject_system, "value": "014"}
        await client.put(
            "/fhir/Patient/s", json={"resourceType": "Patient", "id": "s", "identifier": [subject]}
        )

    answer = await client.post("/hl7v2", content=message(OBR, C3, pid=PID), headers=ER7)
    vendor = await client.post("/hl7v2", content=EPIC, headers=ER7)

    kept = contents(settings.database_url)
    assert (answer.status_code, vendor.status_code) == ((200, 200) if known else (202, 202)), answer.text
    assert "0.71" in kept
    assert [one for one in (*TELLING, "ZZTEST", "RUE X") if one in kept + answer.text] == []


@pytest.mark.parametrize(
    "raw",
    [
        result(C3, f"NTE|1||carte {NUMBER}"),
        result(C3.replace("0.71", "C3^C3").replace("NM", "CE"), f"NTE|1||{NUMBER}"),
        message(OBR, C3, msh=MSH.replace("4711", NUMBER)),
        message(OBR.replace("L77", NUMBER), C3),
    ],
    ids=["note", "coded", "number of the message", "number of the result"],
)
async def test_a_national_number_elsewhere_in_a_message_is_refused_and_kept_nowhere(
    settings: Settings, client: httpx.AsyncClient, raw: bytes
) -> None:
    registered(settings.database_url, SENDER)

    answer = await client.post("/hl7v2", content=raw, headers=ER7)

    assert (answer.status_code, "MSA|AE" in answer.text) == (422, True), answer.text
    assert BARE not in contents(settings.database_url)
    assert BARE not in "".join(line for line in answer.text.split("\r") if not line.startswith("MSA"))
