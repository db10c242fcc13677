"""What counts as a treatment failure (clinical conventions §1.10; synopsis, secondary criterion 7)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.protocol.parts import Amount, Codes, Route
from app.protocol.questions import Assay
from app.protocol.words import Frozen, Sentence, Text

Days = Annotated[int, Field(ge=0, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Times = Annotated[Decimal, Field(gt=0)]


class TfParameters(Frozen):
    """Treatment failure is an endpoint of the synopsis only."""

    enabled: Flag = True


class Tf1Parameters(Frozen):
    """End-stage renal failure: whether the diagnosis suffices, how long a dialysis may be acute.

    Sessions no further apart than `session_gap_days` are one dialysis.
    """

    condition_suffices: Flag = True
    acute_days: Days = 90
    session_gap_days: Days = 14


class Tf2Parameters(Frozen):
    """Doubled creatinine: the factor, and when the second value has to confirm it.

    It is doubled against the lowest value of the `screening_days` before the infusion.
    """

    screening_days: Days = 90
    factor: Times = Decimal(2)
    op: Literal[">=", ">"] = ">="
    confirm_days: Days = 28
    early_days: Days = 7
    late_days: Days = 14


class Tf3Parameters(Frozen):
    """Active lupus nephritis: by proteinuria, or as a nephritic flare, each confirmed.

    `gap_rule` is for a baseline of 0.5 to 1 g/24 h, which the synopsis leaves out. `confirmations` is how
    many further positive values are needed, each `interval_days` (± `tolerance_days`) after the one before.
    """

    gap_rule: Literal["double_and_gt1", "gt2", "undetermined"] = "double_and_gt1"
    require_doubling: Flag = True
    nephritic_logic: Literal["all", "any_of_three"] = "all"
    creatinine_factor: Times = Decimal("1.25")
    confirmations: Literal[2, 1] = 2
    interval_days: Days = 14
    tolerance_days: Days = 4
    simultaneous_days: Days = 7
    accept_upcr: Flag = True
    assume_sle: Flag = True


class Tf4Parameters(Frozen):
    """Rescue treatment: whether a raised dose counts, and whether a missing reason means lupus."""

    count_dose_increase: Flag = False
    assume_lupus: Flag = False


class EndStage(Frozen):
    """Renal failure that needs dialysis or a transplantation, by the codes of each."""

    id: Text = "TF1"
    text: Sentence
    dialysis: Codes
    transplantation: Codes
    disease: Codes


class DoubledCreatinine(Frozen):
    """A creatinine that doubled, and stayed so."""

    id: Text = "TF2"
    text: Sentence
    creatinine: Codes


class ActiveNephritis(Frozen):
    """Active nephritis: by proteinuria alone, or as a nephritic flare.

    A baseline below `normal_below` must rise above `above_normal`, one above `raised_above` above
    `above_raised`; g/24 h. A nephritic flare has `nephritic_from` or more. `ratio` are protein/creatinine
    ratios (g/g) that may stand for proteinuria, `strips` how many positive dipsticks haematuria takes.
    """

    id: Text = "TF3"
    text: Sentence
    proteinuric: Sentence
    nephritic: Sentence
    creatinine: Codes
    proteinuria: Codes
    ratio: Codes
    normal_below: Amount
    above_normal: Amount
    raised_above: Amount
    above_raised: Amount
    nephritic_from: Amount
    haematuria: Annotated[tuple[Assay, ...], Field(min_length=1)]
    strips: Annotated[int, Field(ge=1, strict=True)]
    casts: Annotated[tuple[Assay, ...], Field(min_length=1)]
    attestation: Text


class Rescue(Frozen):
    """Treatment that was needed because lupus got worse.

    `steroids` count by one of `routes`, `immunoglobulins` always, a drug of `immunosuppressants` (names or
    groups) or with one of the `others` codes where it is new. `reasons` are the codes that say lupus.
    """

    id: Text = "TF4"
    text: Sentence
    steroids: Annotated[tuple[Text, ...], Field(min_length=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] = ("intravenous",)
    immunoglobulins: Codes
    immunosuppressants: Annotated[tuple[Text, ...], Field(min_length=1)]
    others: Codes
    plasmapheresis: Codes
    reasons: Codes
    attestation: Text


class Failure(Frozen):
    """The criteria of a treatment failure, any of which suffices, up to the end of a visit's window."""

    text: Sentence
    until: Text = "M12"
    reference: Text = "M0"
    end_stage: EndStage | None = None
    creatinine: DoubledCreatinine | None = None
    nephritis: ActiveNephritis | None = None
    rescue: Rescue | None = None

    @property
    def attestations(self) -> tuple[tuple[str, str], ...]:
        """Each fact an investigator is asked for, with the criterion that reads it."""
        asking = (part for part in (self.nephritis, self.rescue) if part is not None)
        return tuple((part.attestation, part.id) for part in asking)
