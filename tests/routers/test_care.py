"""Treatments, diagnoses, procedures and consents of the demonstration trial, asked for over HTTP."""

import httpx

from app.demo import load

FOUND = {
    "MedicationStatement?patient=msc-sle-p04&effective=ge2020&status=completed": 3,
    "MedicationStatement?code=http://www.whocc.no/atc|H02AB07&patient=Patient/msc-sle-p05": 3,
    "MedicationStatement?patient=msc-sle-p04&status=active": 0,
    "Condition?code=http://snomed.info/sct|55464009&clinical-status=active": 1,
    "Condition?onset-date=2016&verification-status=confirmed": 1,
    "Condition?onset-date=lt2016": 0,
    "Condition?subject:Patient.gender=female": 1,
    "Procedure?code=http://snomed.info/sct|7246002&date=2020-09-20": 1,
    "Procedure?patient=msc-sle-p03&status=not-done": 0,
    "Consent?study=msc-sle&status=active&date=2022-11-07": 1,
    "Consent?scope=research": 1,
    "Patient/msc-sle-pc03/Condition": 1,
    "Patient/msc-sle-pc03/Consent": 1,
    "Patient/msc-sle-p03/Procedure": 1,
    "Patient/msc-sle-p04/MedicationStatement": 3,
    "Patient/msc-sle-p01/MedicationStatement": 0,
    "Patient/msc-sle-pc03/$everything?_type=Condition,Consent": 2,
}
"""How many a question finds."""


async def test_a_search_finds_what_is_recorded(client: httpx.AsyncClient) -> None:
    await load(client)
    answers = {asked: (await client.get(f"/fhir/{asked}")).json().get("total") for asked in FOUND}

    assert answers == FOUND
