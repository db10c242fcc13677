"""docs/clinical/attestations.md says what the protocol files declare."""

from pathlib import Path

from app.clinical.attestation import SYSTEM, code_system, readers
from app.protocol.criteria import everything_in
from tests.clinical.make_candidate import MSC_SLE

PAGE = Path(__file__).parents[2] / "docs" / "clinical" / "attestations.md"


def rows() -> list[str]:
    return [
        f"| `{concept.code}` | {concept.en} | {concept.fr} | {', '.join(readers(MSC_SLE, concept.code))} |"
        for concept in code_system([MSC_SLE]).concepts
    ]


def test_the_page_lists_every_fact_and_who_reads_it() -> None:
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert table == rows()


def test_every_fact_that_is_declared_is_read_by_some_criterion() -> None:
    assert all(readers(MSC_SLE, code) for code in MSC_SLE.attestations)


def test_the_facts_are_one_code_system_of_the_family() -> None:
    assert SYSTEM == "https://trialbridge.example/fhir/CodeSystem/attestation"
    assert code_system([MSC_SLE]).codes == tuple(MSC_SLE.attestations)
    assert len(list(everything_in(MSC_SLE.inclusion[3]))) > 10
