"""docs/clinical/attestations.md says what the protocol files declare."""

from pathlib import Path

from app.clinical.criteria.attestation import SYSTEM, code_system, readers
from app.protocol.criteria import everything_in
from app.protocol.loader import load_all
from tests.clinical.make_candidate import MSC_SLE, MSC_SSC

PAGE = Path(__file__).parents[2] / "docs" / "clinical" / "attestations.md"


def rows() -> list[str]:
    return [
        f"| `{concept.code}` | {concept.en} | {concept.fr} | {', '.join(readers(MSC_SLE, concept.code))} "
        f"| {', '.join(readers(MSC_SSC, concept.code))} |"
        for concept in code_system([MSC_SLE, MSC_SSC]).concepts
    ]


def test_the_page_lists_every_fact_and_who_reads_it() -> None:
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert table == rows()


def test_every_fact_that_is_declared_is_read_by_some_criterion() -> None:
    assert all(readers(protocol, code) for protocol in load_all().values() for code in protocol.attestations)


def test_a_fact_both_trials_ask_for_means_the_same_in_both() -> None:
    shared = MSC_SLE.attestations.keys() & MSC_SSC.attestations.keys()

    assert {code: MSC_SLE.attestations[code] for code in shared} == {
        code: MSC_SSC.attestations[code] for code in shared
    }


def test_the_facts_are_one_code_system_of_the_family() -> None:
    assert SYSTEM == "https://trialbridge.example/fhir/CodeSystem/attestation"
    assert code_system([MSC_SLE]).codes == tuple(MSC_SLE.attestations)
    assert len(list(everything_in(MSC_SLE.inclusion[3]))) > 10
