"""The dose of cells: its levels, its check, and how the next one is chosen (conventions §1.13, §1.14)."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.protocol.words import Frozen, Sentence, Text

Days = Annotated[int, Field(ge=0, strict=True)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Positive = Annotated[Decimal, Field(gt=0)]


class Arm(Frozen):
    """A dose level: the name of its ResearchStudy.arm, and its cells per kg in millions (`10*6/kg`)."""

    name: Text
    title: Sentence
    cells_per_kg: Positive


class Prior(Frozen):
    """What is thought of the probability of toxicity beforehand: Beta(a, b)."""

    a: Positive
    b: Positive


class CutOffs(Frozen):
    """From which probability of excess on the dose is lowered, and up to which it is raised."""

    high: Share
    low: Share


class Escalation(Frozen):
    """The protocol's rule for the dose of the next cohort, in its own sentence."""

    text: Sentence


class DoseParameters(Frozen):
    """The check of a dose, and the sequential Bayesian rule that the synopsis names without its numbers.

    `start` is the name of the arm the trial begins with. The prior of the probability of toxicity is
    Beta(prior_a, prior_b); excessive is above `p_tox`. Next comes the arm below where the probability of
    excess is at least `p_high`, the arm above where it is at most `p_low`. No more are treated at a dose
    where it is at least `stop_prob`, once `min_n_stop` are known. `also_…` are the other priors, limits and
    cut-offs that every decision is shown with.
    """

    tol: Share = Decimal("0.10")
    weight_lookback: Days = 7
    start: Text | None = None
    prior_a: Positive = Decimal(1)
    prior_b: Positive = Decimal(1)
    p_tox: Share = Decimal("0.30")
    p_high: Share = Decimal("0.80")
    p_low: Share = Decimal("0.20")
    cohort_size: Annotated[int, Field(ge=1, strict=True)] = 5
    stop_prob: Share = Decimal("0.90")
    min_n_stop: Annotated[int, Field(ge=1, strict=True)] = 2
    also_priors: tuple[Prior, ...] = (
        Prior(a=Decimal(1), b=Decimal(1)),
        Prior(a=Decimal("0.5"), b=Decimal("0.5")),
        Prior(a=Decimal("0.6"), b=Decimal("1.4")),
    )
    also_p_tox: tuple[Share, ...] = (Decimal("0.20"), Decimal("0.25"), Decimal("0.30"), Decimal("0.33"))
    also_cut_offs: tuple[CutOffs, ...] = (CutOffs(high=Decimal("0.5"), low=Decimal("0.5")),)

    @property
    def prior(self) -> Prior:
        """The prior in force."""
        return Prior(a=self.prior_a, b=self.prior_b)

    @property
    def cut_offs(self) -> CutOffs:
        """The cut-offs in force."""
        return CutOffs(high=self.p_high, low=self.p_low)


class InfusionParameters(Frozen):
    """How long an infusion should take, in minutes, both ends included."""

    min: Days = 30
    max: Days = 60
