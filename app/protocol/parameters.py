"""The settings of a protocol where its sources leave a choice open, by the names of the conventions.

A TOML table `[parameters.sledai]` with a line `variant = "selena"` is the parameter `sledai.variant`.
Where the file says nothing, the default of clinical conventions §5 applies.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.protocol.dosing import DoseParameters, InfusionParameters
from app.protocol.failure import Tf1Parameters, Tf2Parameters, Tf3Parameters, Tf4Parameters, TfParameters
from app.protocol.safety import AeParameters, ToxParameters
from app.protocol.scoring import (
    CytokineParameters,
    Eq5dParameters,
    RateParameters,
    ResponseParameters,
    Sf36Parameters,
    SliccParameters,
    SscParameters,
)
from app.protocol.steroids import SteroidParameters
from app.protocol.words import Frozen

Days = Annotated[int, Field(ge=0, strict=True)]
Grade = Literal["A", "B", "C", "D", "E"]
BilagVariant = Literal["classic", "bilag2004"]

Weight = Annotated[int, Field(ge=0, strict=True)]


class Weights(Frozen):
    """The number each BILAG grade counts for in the total."""

    A: Weight
    B: Weight
    C: Weight
    D: Weight = 0
    E: Weight = 0


# Classic 0 to 72, the only one the protocol's range fits; BILAG-2004 as Yee 2010 recommends.
WEIGHTS: Mapping[BilagVariant, Weights] = {
    "classic": Weights(A=9, B=3, C=1),
    "bilag2004": Weights(A=12, B=8, C=1),
}


class VisitParameters(Frozen):
    """How far before the infusion an assessment may lie and still be the baseline."""

    baseline_lookback_days: Days = 30


class ObservationParameters(Frozen):
    """Which observations count."""

    accept_preliminary: Annotated[bool, Field(strict=True)] = False


class SledaiParameters(Frozen):
    """Which SLEDAI is meant, what an item not recorded means, and how far back its items look."""

    variant: Literal["selena", "sledai_2k"] = "selena"
    missing_item: Literal["unknown", "absent"] = "unknown"
    lookback_days: Days = 10
    proteinuria_rule: Literal["selena_new_or_increase", "any_gt_0_5"] = "selena_new_or_increase"


class BilagParameters(Frozen):
    """Which BILAG is meant, and what its grades weigh in the total."""

    variant: BilagVariant = "classic"
    weights: Weights | None = None
    flare_reference: Literal["previous_visit", "baseline"] = "previous_visit"

    @property
    def counted(self) -> Weights:
        """The weights in force: those of the file, else those usual for the variant."""
        return self.weights or WEIGHTS[self.variant]


class PgaParameters(Frozen):
    """The scale a physician global assessment is on where it names none."""

    scale_max: Annotated[Decimal, Field(gt=0)] = Decimal(3)


class Parameters(Frozen):
    """Every parameter of the protocol, in groups."""

    visit: VisitParameters = VisitParameters()
    obs: ObservationParameters = ObservationParameters()
    sledai: SledaiParameters = SledaiParameters()
    bilag: BilagParameters = BilagParameters()
    pga: PgaParameters = PgaParameters()
    response: ResponseParameters = ResponseParameters()
    slicc: SliccParameters = SliccParameters()
    sf36: Sf36Parameters = Sf36Parameters()
    eq5d: Eq5dParameters = Eq5dParameters()
    ssc: SscParameters = SscParameters()
    cytokine: CytokineParameters = CytokineParameters()
    steroid: SteroidParameters = SteroidParameters()
    tf: TfParameters = TfParameters()
    tf1: Tf1Parameters = Tf1Parameters()
    tf2: Tf2Parameters = Tf2Parameters()
    tf3: Tf3Parameters = Tf3Parameters()
    tf4: Tf4Parameters = Tf4Parameters()
    ae: AeParameters = AeParameters()
    tox: ToxParameters = ToxParameters()
    dose: DoseParameters = DoseParameters()
    infusion: InfusionParameters = InfusionParameters()
    rate: RateParameters = RateParameters()
