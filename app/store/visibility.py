"""Who may see what, decided at the door and applied inside every statement of the store.

What is about a patient is seen by who may see the patient: of the asker's sites by the tag the Patient bears
now, of the asker's studies by the parts the patient takes in them. What is about no patient is seen by its
own tag and study. What is not the asker's is as if it were not there.

An earlier version is seen by whom it is about itself, and is judged by how that patient stands now: where a
result was moved to another patient, each of the two sites sees the versions that are about its own. A scope
that is narrowed to some codes is judged by the codes the resource bears now; what is deleted bears none.
What an earlier version bore is not kept: of a type that is narrowed no earlier version is seen (`earlier`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from app.fhir_mapping.access.scope import Token
from app.fhir_mapping.registry import RESOURCES
from app.protocol.loader import load_all
from app.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """What the asker may see; None is all of them (the sandbox, the service itself).

    `kinds` are the types; `narrowed` are those of which only resources with one of these sets of tokens are
    seen. Without `donors` nobody is seen who gave the cells.
    """

    sites: frozenset[str] | None = None
    studies: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    narrowed: tuple[tuple[str, tuple[tuple[Token, ...], ...]], ...] = ()
    donors: bool = True

    @property
    def scope(self) -> str | None:
        """Whose data an answer about a whole study is made of, in words; None where it is everybody's."""
        at = [] if self.sites is None else [f"at {', '.join(sorted(self.sites)) or 'no site'}"]
        said = [*at, *([] if self.donors else ["who are no donors"])]
        return f"scope: only the subjects you may see, those {' and '.join(said)}" if said else None


EVERYTHING = Visibility()

COMMON: Final = ("ConceptMap", "Device", "Medication", "Organization", "Practitioner", "PractitionerRole")
"""What is about no patient and no study: that of it which bears no site's tag is seen by every site."""
_FEW = 8
_COMMON = ", ".join(f"'{kind}'" for kind in COMMON)
FROM_DONORS: Final = "BiologicallyDerivedProduct"
"""Names its donor, so it is hidden from who may not know them."""

_OF_PATIENT = """EXISTS (SELECT 1 FROM resource whose WHERE whose.type = 'Patient'
 AND whose.id = {alias}.patient_id AND {seen})"""
# OFFSET keeps PostgreSQL from gathering every patient, part or donor there is before it looks at one row.
_ALONE = "LIMIT 1 OFFSET 0"
_AT_SITE = f"""EXISTS (SELECT 1 FROM resource p WHERE p.type = 'Patient'
 AND p.id = {{patient}} AND {{site}} {_ALONE})"""
_PART = f"""EXISTS (SELECT 1 FROM resource e WHERE e.type = 'ResearchSubject' AND NOT e.deleted
 AND e.patient_id = {{patient}}{{of}} {_ALONE})"""
_GAVE = f"""EXISTS (SELECT 1 FROM subject d WHERE d.patient_id = {{patient}}
 AND ({{arm}} OR {{actual}}) {_ALONE})"""
# A part that was deleted is in no table of parts: its last version says what it was, or once that was erased
# its tombstone. CROSS JOIN keeps SQLite, which has no statistics, from reading all versions first.
_ONCE_GAVE = f"""EXISTS (SELECT 1 FROM resource d CROSS JOIN version l WHERE d.type = 'ResearchSubject'
 AND d.patient_id = {{patient}} AND d.deleted AND l.type = 'ResearchSubject' AND l.id = d.id
 AND l.version = d.version - 1 AND ({{said}} OR EXISTS (SELECT 1 FROM erasure g WHERE g.type = l.type
 AND g.id = l.id AND g.version = l.version AND g.donor {_ALONE})) {_ALONE})"""
_HAS = """EXISTS (SELECT 1 FROM search_token n WHERE n.type = {kind} AND n.id = {alias}.id
 AND n.parameter = {parameter} AND n.code = {code}{further})"""


def earlier(visibility: Visibility, alias: str) -> str:
    """The further condition of versions that are not the current one."""
    kinds = ", ".join(f"'{kind}'" for kind, _ in visibility.narrowed)
    return f"{alias}.type NOT IN ({kinds})" if kinds else "TRUE"


def visible_patient(database: Database, visibility: Visibility, alias: str, values: list[Any]) -> str:
    """The condition that keeps out of sight what was pushed about nobody the asker may see.

    `alias` has the columns type and patient_id. What is about no patient who is stored is seen only by those
    who see everything; what is of a type of which the asker sees nothing, or only some, is not.
    """
    if visibility == EVERYTHING:
        return "TRUE"
    whoever = replace(visibility, kinds=None, narrowed=())
    values.append(database.members(sorted(wholly_seen(visibility))))
    of_kind = database.member(f"{alias}.type", len(values))
    seen = visible(database, whoever, "whose", values)
    return f"({of_kind} AND {_OF_PATIENT.format(alias=alias, seen=seen)})"


def wholly_seen(visibility: Visibility) -> frozenset[str]:
    """The types of which not only some resources are seen."""
    partly = {kind for kind, _ in visibility.narrowed}
    return (visibility.kinds if visibility.kinds is not None else frozenset(RESOURCES)) - partly


def visible(
    database: Database, visibility: Visibility, alias: str, values: list[Any], *, patient: str | None = None
) -> str:
    """The condition that keeps out of sight what is not the asker's, to be joined by AND.

    `alias` has the columns type, id, patient_id, study_id and site. Values the condition needs are added
    to `values`. Where only what is about one `patient` is asked for, it says so itself, and the databases
    look once who the patient is rather than for each row.
    """
    if visibility == EVERYTHING:
        return "TRUE"
    if patient is not None:
        values.append(patient)
    known = _KNOWN.setdefault(database, {})
    asked = visibility, alias, len(values), patient is not None
    if asked not in known:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        own: list[Any] = [None] * len(values)
        whose = None if patient is None else f"${len(values)}"
        text = " AND ".join(("TRUE", *_Predicate(database, visibility, alias, own, whose).conditions()))
        known[asked] = text, tuple(own[len(values) :])
    text, further = known[asked]
    values += further
    return text


_MOST_KNOWN = 512
_KNOWN: WeakKeyDictionary[Database, dict[tuple[Visibility, str, int, bool], tuple[str, tuple[Any, ...]]]]
_KNOWN = WeakKeyDictionary()
"""The conditions that were asked for, each with what it passes: the same for each request of a client."""


@dataclass(frozen=True, slots=True)
class _Predicate:
    database: Database
    visibility: Visibility
    alias: str
    values: list[Any]
    whose: str | None  # the placeholder of the one patient all of it is about

    @property
    def _patient(self) -> str:
        return self.whose or f"{self.alias}.patient_id"

    def conditions(self) -> Iterator[str]:
        seen, alias = self.visibility, self.alias
        if self.whose is not None:
            yield f"{alias}.patient_id = {self.whose}"
        if seen.kinds is not None:
            yield self._member(f"{alias}.type", seen.kinds)
        if seen.sites is not None:
            yield self._of_site(seen.sites)
        if seen.studies is not None:
            yield self._of_study(seen.studies)
        if not seen.donors:
            yield f"{alias}.type <> '{FROM_DONORS}'"
            of_nobody = "" if self.whose else f"{alias}.patient_id IS NULL OR "
            yield f"({of_nobody}NOT ({self._gave()}))"
        for kind, choices in seen.narrowed:
            named = self._value(kind)
            own = (" AND ".join(self._has(named, token) for token in tokens) for tokens in choices)
            yield f"({alias}.type <> {named} OR {' OR '.join(own)})"

    def _gave(self) -> str:
        """The patient is in a donors' arm, or was in one when their part in the study was deleted."""
        assigned, actual = (
            self._member(f"d.{column}_arm", donor_arms()) for column in ("assigned", "actual")
        )
        text = self.database.text("l.document")
        # written out, not passed: SQLite prepares a statement anew whenever a pattern is passed to its LIKE
        words = (
            f'%"{name}"%"{arm}"%'.replace("'", "''")
            for name in ("assignedArm", "actualArm")
            for arm in sorted(donor_arms())
        )
        said = " OR ".join(f"{text} LIKE '{word}'" for word in words)
        now = _GAVE.format(patient=self._patient, arm=assigned, actual=actual)
        return f"{now} OR {_ONCE_GAVE.format(patient=self._patient, said=said)}"

    def _of_site(self, sites: frozenset[str]) -> str:
        """The patient is of the site; what is about none is tagged with it, or nobody's, or a study."""
        alias = self.alias
        patient = _AT_SITE.format(patient=self._patient, site=self._member("p.site", sites))
        if self.whose is not None:
            return patient
        own = self._member(f"{alias}.site", sites)
        of_nobody = f"{alias}.site IS NULL AND {alias}.type IN ({_COMMON})"
        unnamed = f"{alias}.type = 'ResearchStudy' OR {own} OR ({of_nobody})"
        return f"({patient} OR ({alias}.patient_id IS NULL AND ({unnamed})))"

    def _of_study(self, studies: frozenset[str]) -> str:
        """What names one of the studies; what names none is of who takes part in one of them.

        A site sees its patients before they take part in any.
        """
        alias = self.alias
        part = _PART.format(patient=self._patient, of=f" AND {self._member('e.study_id', studies)}")
        of_nobody = f"{alias}.type IN ({_COMMON})"
        if self.visibility.sites is not None:
            part = f"({part} OR NOT {_PART.format(patient=self._patient, of='')})"
            of_nobody = "TRUE"  # its own tag says that it is the site's
        unnamed = part
        if self.whose is None:
            unnamed = f"CASE WHEN {alias}.patient_id IS NULL THEN {of_nobody} ELSE {part} END"
        return (
            f"({self._member(f'{alias}.study_id', studies)} OR ({alias}.study_id IS NULL"
            f" AND {alias}.type <> 'ResearchStudy' AND {unnamed}))"
        )

    def _has(self, kind: str, token: Token) -> str:
        name, system, code = token
        further = "" if system is None else f" AND n.system = {self._value(system)}"
        if self.whose is not None:
            further += f" AND n.patient_id = {self.whose}"  # so that it is found among what is theirs
        return _HAS.format(
            kind=kind,
            alias=self.alias,
            parameter=self._value(name),
            code=self._value(code),
            further=further,
        )

    def _value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def _member(self, expression: str, strings: frozenset[str]) -> str:
        """That it is one of these; few are written out, which databases compare fastest."""
        if len(strings) > _FEW:
            self.values.append(self.database.members(sorted(strings)))
            return self.database.member(expression, len(self.values))
        return f"{expression} IN ({', '.join(map(self._value, sorted(strings)))})" if strings else "FALSE"


@cache
def donor_arms() -> frozenset[str]:
    """The arms of those who are not treated in their trial but gave something to it."""
    return frozenset(one.name for protocol in load_all().values() for one in protocol.populations)
