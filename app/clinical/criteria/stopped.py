"""Criterion about why a treatment was stopped: inefficacy or adverse effects, as its records say."""

from app.clinical.case import Case, Judged, once
from app.clinical.drugs.given import records_of
from app.clinical.records import Coding
from app.clinical.truth import Truth
from app.protocol.care import StoppedFor


def stopped_for(criterion: StoppedFor, case: Case) -> Judged:
    """Stopped for one of the reasons where a record says so; where none does, it is not known."""
    reasons = {Coding(code.system, code.code) for code in criterion.reasons}
    found = [
        (drug.name, record)
        for record, drug in records_of(case, case.protocol.drugs_named(criterion.drugs))
        if reasons & set(record.status_reasons)
        and (record.period.start is None or record.period.start.first_day <= case.on)
    ]
    said = (f"{name}: {', '.join(coding.code for coding in record.status_reasons)}" for name, record in found)
    return Judged(
        truth=Truth.YES if found else Truth.UNKNOWN,
        reasons=("missing-observation",),
        needs="say in statusReason why the treatment was stopped",
        observed="; ".join(said) or "no record says why a treatment was stopped",
        evidence=once(record.source for _, record in found),
    )
