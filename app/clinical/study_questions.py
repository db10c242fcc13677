"""Every question about a whole study, by its name: how it is answered from one row for each subject."""

from collections.abc import Mapping
from typing import Any, Final

from app.clinical import dose_escalation, endpoint_summary, enrolment_summary, overdue, safety_summary
from app.clinical.summary import Summary

STUDY_QUESTIONS: Final[Mapping[str, Summary[Any]]] = {
    "endpoint-summary": endpoint_summary.SUMMARY,
    "enrolment": enrolment_summary.SUMMARY,
    "dose-escalation": dose_escalation.SUMMARY,
    "safety-summary": safety_summary.SUMMARY,
    "overdue": overdue.SUMMARY,
}
"""By the name of the operation, without its dollar."""
