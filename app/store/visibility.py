"""Who may see what, decided at the door and applied inside every statement of the store."""

from dataclasses import dataclass
from typing import Any

from app.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """The sites and studies the asker may see; None is all of them (the sandbox)."""

    sites: frozenset[str] | None = None
    studies: frozenset[str] | None = None


EVERYTHING = Visibility()

_OF_SITE = """({own} OR EXISTS (SELECT 1 FROM resource p WHERE p.type = 'Patient'
 AND p.id = {alias}.patient_id AND {patient}))"""
_OF_PATIENT = """EXISTS (SELECT 1 FROM resource whose WHERE whose.type = 'Patient'
 AND whose.id = {column} AND {seen})"""
_OF_STUDY = """({own} OR ({alias}.type = 'ResearchStudy' AND {itself}) OR EXISTS (SELECT 1 FROM resource e
 WHERE e.type = 'ResearchSubject' AND NOT e.deleted AND e.patient_id = {alias}.patient_id AND {enrolled}))"""


def visible_patient(database: Database, visibility: Visibility, column: str, values: list[Any]) -> str:
    """The condition that keeps out of sight what is about nobody the asker may see; `column` says about whom.

    What is about no patient who is stored is seen only by those who see everything.
    """
    if visibility == EVERYTHING:
        return "TRUE"
    seen = visible(database, visibility, "whose", values)
    return _OF_PATIENT.format(column=column, seen=seen)


def visible(database: Database, visibility: Visibility, alias: str, values: list[Any]) -> str:
    """The condition that keeps out of sight what is not the asker's, to be joined by AND.

    A resource is of a site when it is tagged so or when its patient is; of a study when it names the
    study, is the study, or belongs to a patient enrolled there. What belongs to none is seen only
    by those who see everything. Values the condition needs are added to `values`.
    """
    conditions = ["TRUE"]
    if visibility.sites is not None:
        values.append(database.members(sorted(visibility.sites)))
        one_of = {"own": f"{alias}.site", "patient": "p.site"}
        members = {name: database.member(column, len(values)) for name, column in one_of.items()}
        conditions.append(_OF_SITE.format(alias=alias, **members))
    if visibility.studies is not None:
        values.append(database.members(sorted(visibility.studies)))
        one_of = {"own": f"{alias}.study_id", "itself": f"{alias}.id", "enrolled": "e.study_id"}
        members = {name: database.member(column, len(values)) for name, column in one_of.items()}
        conditions.append(_OF_STUDY.format(alias=alias, **members))
    return " AND ".join(conditions)
