"""How a test says that it is positive or negative: by a coded answer, or by the laboratory's flag."""

from app.clinical.records import Coding

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"

POSITIVE = {
    Coding(SNOMED, "10828004"): "positive",
    Coding(SNOMED, "260373001"): "detected",
    Coding(LOINC, "LA6576-8"): "positive",
    Coding(LOINC, "LA11882-0"): "detected",
}
NEGATIVE = {
    Coding(SNOMED, "260385009"): "negative",
    Coding(SNOMED, "260415000"): "not detected",
    Coding(LOINC, "LA6577-6"): "negative",
    Coding(LOINC, "LA11883-8"): "not detected",
}
# The codes of v3-ObservationInterpretation: positive, detected, reactive, and their opposites.
POSITIVE_FLAGS = frozenset({"POS", "DET", "RR"})
NEGATIVE_FLAGS = frozenset({"NEG", "ND", "NR"})


def in_words(answer: Coding) -> str:
    """A coded answer as a reader knows it; a code we have no word for stays a code."""
    return (POSITIVE | NEGATIVE).get(answer, answer.code)
