"""What was given to a subject: drugs over a time or once, and statements about them.

    taking("prednisone", 20, -60, -1)                        20 mg/d by mouth
    dose("methylprednisolone", 500, 100, route="intravenous", reason=SLE)
    without(0, 90)                                           a statement that no corticosteroid was taken
    complete(400)                                            an attestation that all of it is recorded

Days are counted from day 0 of `make`.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.clinical.care import Condition, Procedure
from app.clinical.criteria.attestation import SYSTEM as ATTESTATION
from app.clinical.drugs.exposure import ROUTES
from app.clinical.history import History
from app.clinical.records import Administration, Coding, Measurement, Span
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parts import Route
from tests.clinical.make import Measurements, at, day, infusion, observation, source, subject

ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
MSC_SLE = load_all()["MSC-SLE"]
SLE = Coding(SNOMED, "55464009")
ASTHMA = Coding(SNOMED, "195967001")

Pushed = Administration | Condition | Procedure | Measurements


def with_parameters(**groups: Mapping[str, Any]) -> Protocol:
    """MSC-SLE with some parameters set otherwise: `steroid={"limit_op": "<="}`."""
    parameters = MSC_SLE.parameters
    changed = {
        name: type(getattr(parameters, name)).model_validate(
            {**getattr(parameters, name).model_dump(), **values}
        )
        for name, values in groups.items()
    }
    return MSC_SLE.model_copy(update={"parameters": parameters.model_copy(update=changed)})


def treated(*records: Pushed, infused: bool = True, **more: Any) -> History:
    """A subject infused on day 0 with these records."""
    history = subject(
        *([infusion()] if infused else []),
        *(record for record in records if isinstance(record, Administration | tuple)),
        **more,
    )
    return replace(
        history,
        conditions=tuple(record for record in records if isinstance(record, Condition)),
        procedures=tuple(record for record in records if isinstance(record, Procedure)),
    )


def drug_codes(name: str) -> tuple[Coding, ...]:
    """The first code of a drug of the protocol, or an ATC code as it is."""
    drugs = MSC_SLE.drugs_named([name])
    return tuple(Coding(one.codes[0].system, one.codes[0].code) for one in drugs) or (Coding(ATC, name),)


def given(
    drug: str,
    *,
    first: str | None,
    last: str | None = None,
    period: bool = False,
    route: Route | Coding | None = "oral",
    reason: Coding | None = None,
    **said: Any,
) -> Administration:
    """One record of a drug, with its dates as FHIR writes them."""
    start, end = (None if text is None else at(text) for text in (first, last))
    coded = ROUTES[route] if isinstance(route, str) else route
    blank = infusion(None)
    return replace(
        blank,
        source=source(said.pop("kind", "MedicationAdministration"), said.pop("name", None)),
        status=said.pop("status", "completed"),
        codings=drug_codes(drug),
        period=Span(start, end if period else start),
        has_period=period,
        routes=() if coded is None else (coded,),
        reasons=() if reason is None else (reason,),
        **said,
    )


def taking(
    drug: str, amount: str | int | None, first: int, last: int | None, *, unit: str = "mg/d", **said: Any
) -> Administration:
    """A drug taken every day from one study day to another."""
    rate = None if amount is None else Decimal(amount)
    ends = None if last is None else day(last)
    return given(drug, first=day(first), last=ends, period=True, rate=rate, rate_unit=unit, **said)


def dose(
    drug: str, amount: str | int | None, on: int, *, unit: str = "mg", route: Any = "intravenous", **said: Any
) -> Administration:
    """One dose on one day."""
    size = None if amount is None else Decimal(amount)
    return given(drug, first=day(on), route=route, dose=size, dose_unit=unit, **said)


def without(first: int, last: int | None, *, drug: str = "H02AB") -> Administration:
    """A MedicationStatement that a class of drugs was not taken."""
    kind = "MedicationStatement"
    return taking(drug, None, first, last, route=None, status="not-taken", kind=kind)


def attested(fact: str, truth: bool, on: int, **said: Any) -> Measurements:
    """What an investigator stated."""
    return observation(Coding(ATTESTATION, fact), on=day(on), truth=truth, **said)


def complete(on: int, *, truth: bool = True, **said: Any) -> Measurements:
    """The statement that all treatment up to a day is recorded."""
    return attested("treatment-history-complete", truth, on, **said)


def erroneous(record: Administration | Measurement) -> Any:
    """The same, entered in error."""
    return replace(record, status="entered-in-error")
