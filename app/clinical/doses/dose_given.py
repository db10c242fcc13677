"""The dose of cells of an infusion in both directions, and the dose level it amounts to (§1.14)."""

from dataclasses import dataclass
from fractions import Fraction

from app.clinical.case import Case
from app.clinical.doses.bodyweight import PerKg, Weight, span, weight_before
from app.clinical.doses.cells import cells
from app.clinical.records import Administration
from app.clinical.timeline import Infusion
from app.protocol.definition import Protocol
from app.protocol.dosing import Arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The dose of one infusion in both directions: in all and per kg, as planned and as given."""

    given: Administration
    weight: Weight
    arm: Arm | None
    total: PerKg | None
    per_kg: PerKg | None

    @property
    def each_per_kg(self) -> tuple[Fraction, ...]:
        """What was given per kg, for each weight that may be meant."""
        if self.per_kg is None:
            return ()
        if self.per_kg.low == self.per_kg.high or self.total is None:
            return (self.per_kg.low,)
        return tuple(self.total.low / kg for kg in self.weight.each)


def dose_of(case: Case, t0: Infusion) -> Dose:
    """What was given at the infusion that is day 0, and what was planned."""
    given = next(one for one in case.history.administrations if one.source == t0.source)
    weight = weight_before(case, t0, used=given.weight_used)
    assigned = case.history.enrolment.assigned_arm
    sent = cells(given.dose, given.dose_unit)
    total = span(given.cells) if given.cells is not None else None
    if sent is not None and not sent.per_kg:
        total = PerKg(sent.millions, sent.millions)
    stated = PerKg(sent.millions, sent.millions) if sent is not None and sent.per_kg else None
    kg = weight.kg
    return Dose(
        given=given,
        weight=weight,
        arm=next((arm for arm in case.protocol.arms if arm.name == assigned), None),
        total=total or (stated.times(kg) if stated is not None and kg is not None else None),
        per_kg=stated or (total.by(kg) if total is not None and kg is not None else None),
    )


def level(protocol: Protocol, dose: Dose) -> Arm | None:
    """The dose level nearest to what was given, the lower of two as near; None where it may be another."""
    near = {_nearest(protocol, per_kg) for per_kg in dose.each_per_kg}
    return next(arm for arm in protocol.arms if arm.name in near) if len(near) == 1 else None


def _nearest(protocol: Protocol, per_kg: Fraction) -> str:
    return min(
        protocol.arms, key=lambda arm: (abs(Fraction(arm.cells_per_kg) - per_kg), arm.cells_per_kg)
    ).name
