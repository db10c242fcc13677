"""What the rule says of the next dose after so many patients at one (clinical conventions §1.13)."""

from dataclasses import dataclass
from decimal import Decimal

from app.clinical.doses.posterior import Posterior
from app.protocol.definition import Protocol
from app.protocol.dosing import CutOffs, DoseParameters, Prior

LOWER, HIGHER, COMMITTEE, CONTINUE, SUSPEND = "lower", "higher", "committee", "continue", "suspend"


@dataclass(frozen=True, slots=True)
class Setting:
    """A prior, a limit and cut-offs the rule is applied with."""

    prior: Prior
    limit: Decimal
    cut_offs: CutOffs

    @property
    def name(self) -> str:
        """As it is shown: `beta-1-1-tox-0.30-cut-0.80-0.20`."""
        cut = f"{self.cut_offs.high}-{self.cut_offs.low}"
        return f"beta-{self.prior.a}-{self.prior.b}-tox-{self.limit}-cut-{cut}"


def in_force(chosen: DoseParameters) -> Setting:
    """The setting of the protocol."""
    return Setting(chosen.prior, chosen.p_tox, chosen.cut_offs)


def others(chosen: DoseParameters) -> list[Setting]:
    """Every other setting a decision is shown with."""
    cut_offs = dict.fromkeys((chosen.cut_offs, *chosen.also_cut_offs))
    settings = (
        Setting(prior, limit, cut)
        for prior in dict.fromkeys((chosen.prior, *chosen.also_priors))
        for limit in dict.fromkeys((chosen.p_tox, *chosen.also_p_tox))
        for cut in cut_offs
    )
    return [setting for setting in settings if setting != in_force(chosen)]


def decision(chosen: DoseParameters, setting: Setting, *, met: int, of: int) -> str:
    """What follows from so many toxicities among so many patients at one dose.

    A cohort that is not complete goes on, unless the dose is suspended. The committee decides between.
    """
    excess = Posterior(setting.prior, met, of).excess(setting.limit)
    if of < chosen.cohort_size:
        return SUSPEND if suspended(chosen, setting, met=met, of=of) else CONTINUE
    if excess >= setting.cut_offs.high:
        return LOWER
    return HIGHER if excess <= setting.cut_offs.low else COMMITTEE


def suspended(chosen: DoseParameters, setting: Setting, *, met: int, of: int) -> bool:
    """Whether no more patients should be treated at this dose; never after too few."""
    excess = Posterior(setting.prior, met, of).excess(setting.limit)
    return of >= chosen.min_n_stop and excess >= chosen.stop_prob


def arm_after(protocol: Protocol, arm: str, decided: str) -> str | None:
    """The arm that comes next by a decision; None where there is none, or another must decide."""
    if decided == CONTINUE:
        return arm
    levels = [one.name for one in sorted(protocol.arms, key=lambda one: one.cells_per_kg)]
    step = {LOWER: -1, HIGHER: 1}.get(decided)
    if step is None or arm not in levels:
        return None
    place = levels.index(arm) + step
    return levels[place] if 0 <= place < len(levels) else None
