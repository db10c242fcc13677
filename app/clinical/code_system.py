"""What a code system of our own is: a family of codes under one canonical base (decision 14)."""

from dataclasses import dataclass

from app.clinical.records import Coding

BASE = "https://trialbridge.example/fhir/CodeSystem/"


@dataclass(frozen=True, slots=True)
class Concept:
    """One code with its neutral names.

    `weight` is what a SLEDAI item counts for when present. `span` is the lowest and the highest whole
    number the item of a form, or the total of a score, can be. `definition` says what counts as it.
    """

    code: str
    en: str
    fr: str
    weight: int | None = None
    span: tuple[int, int] | None = None
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A family of codes, served as a FHIR CodeSystem resource."""

    name: str
    title: str
    concepts: tuple[Concept, ...]

    @property
    def url(self) -> str:
        """What `Coding.system` says."""
        return BASE + self.name

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code, in the order of the form."""
        return tuple(concept.code for concept in self.concepts)

    def coding(self, code: str) -> Coding:
        """The coding of one of these codes."""
        return Coding(self.url, code)

    def concept(self, code: str) -> Concept:
        """The concept behind a code of this system."""
        return next(concept for concept in self.concepts if concept.code == code)
