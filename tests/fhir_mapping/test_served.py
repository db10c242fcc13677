"""What is served of ourselves is valid R4, and says what the protocols say."""

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.fhir_mapping import check, codec, protocol_resources
from app.fhir_mapping.resource import Document
from app.fhir_mapping.served import SERVED
from app.protocol.definition import Protocol
from app.protocol.loader import load_all

EVERYTHING = [
    pytest.param(document, id=f"{kind}/{name}")
    for kind, served in SERVED.items()
    for name, document in served.documents().items()
    if kind not in {"SearchParameter", "OperationDefinition"}
]
PROTOCOLS = [pytest.param(protocol, id=key) for key, protocol in load_all().items()]


@pytest.mark.parametrize("document", EVERYTHING)
def test_every_served_resource_is_valid_r4(document: Document) -> None:
    body = codec.write(document)

    assert check.checked(document["resourceType"], body) == codec.read(body)
    get_fhir_model_class(document["resourceType"]).model_validate_json(body)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_study_is_published_in_valid_r4_with_its_identifiers_and_arms(protocol: Protocol) -> None:
    study = protocol_resources.study(protocol, status="active")
    body = codec.write(study)

    check.checked("ResearchStudy", body)
    get_fhir_model_class("ResearchStudy").model_validate_json(body)
    assert [one["value"] for one in study["identifier"]] == [one.value for one in protocol.study.identifiers]
    names = [*(arm.name for arm in protocol.arms), *(one.name for one in protocol.populations)]
    assert [arm["name"] for arm in study.get("arm", ())] == names


def test_the_study_has_the_start_and_the_design_in_force_and_says_what_others_say() -> None:
    lupus, sclerosis = (
        protocol_resources.study(load_all()[key], status="active") for key in ("MSC-SLE", "MSC-SSc")
    )

    assert lupus["period"] == {"start": "2019-05-14"}
    assert [note["text"].partition(":")[0] for note in sclerosis["note"]] == [
        "the published results (S4)",
        "the protocol page (S3)",
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_the_study_refers_to_is_served(protocol: Protocol) -> None:
    study = protocol_resources.study(protocol, status="active")
    referred = [one["reference"].split("/") for one in [*study["protocol"], *study["enrollment"]]]

    assert [(kind, name) for kind, name in referred if name not in SERVED[kind].documents()] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_schedule_has_every_visit_with_its_window(protocol: Protocol) -> None:
    actions = {action["id"]: action for action in protocol_resources.schedule(protocol)["action"]}

    for visit in protocol.visits:
        offset = actions[visit.label]["relatedAction"][0]
        days = offset["offsetRange"]["low"]["value"], offset["offsetRange"]["high"]["value"]
        before = offset["relationship"] == "before-start"
        assert (tuple(-day for day in reversed(days)) if before else days) == visit.window


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_criterion_is_published_with_both_its_sentences(protocol: Protocol) -> None:
    published = {
        one["code"]: (one["display"], one["designation"][0]["value"])
        for document in SERVED["CodeSystem"].documents().values()
        if document["id"] == f"{protocol.key.lower()}-criterion"
        for one in document.get("concept", ())
    }

    assert published == {part.id: (part.text.en, part.text.fr) for part in protocol.every_part}


def test_every_code_system_names_the_set_of_all_its_codes() -> None:
    sets = {document["url"] for document in SERVED["ValueSet"].documents().values()}
    named = {document["valueSet"] for document in SERVED["CodeSystem"].documents().values()}

    assert named <= sets
