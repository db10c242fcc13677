"""The probability of toxicity at a dose, as a Beta distribution after so many patients (§1.13)."""

from dataclasses import dataclass
from decimal import Decimal
from math import expm1

from app.clinical.studies.proportion import TAIL, rounded
from app.protocol.dosing import Prior


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is thought of the probability of toxicity after `of` patients, `met` of whom had one."""

    prior: Prior
    met: int
    of: int

    @property
    def shape(self) -> tuple[float, float]:
        """The two numbers of the Beta distribution."""
        return float(self.prior.a) + self.met, float(self.prior.b) + self.of - self.met

    def excess(self, limit: Decimal) -> Decimal:
        """How probable it is that the probability of toxicity lies above the limit."""
        from scipy.special import betaincc  # noqa: PLC0415 - only when first needed: it is slow to load

        return rounded(float(betaincc(*self.shape, float(limit))))

    def mean(self) -> Decimal:
        """The probability of toxicity to be expected."""
        a, b = self.shape
        return rounded(a / (a + b))

    def credible(self) -> tuple[Decimal, Decimal]:
        """The limits between which it lies with a probability of 95 %."""
        from scipy.special import betaincinv  # noqa: PLC0415 - only when first needed: it is slow to load

        low, high = (float(betaincinv(*self.shape, tail)) for tail in (TAIL, 1 - TAIL))
        return rounded(low), rounded(high)

    def any_among(self, more: int) -> Decimal:
        """How probable at least one toxicity is among so many more patients."""
        from scipy.special import betaln  # noqa: PLC0415 - only when first needed: it is slow to load

        a, b = self.shape
        return rounded(-expm1(float(betaln(a, b + more) - betaln(a, b))))
