"""How adverse events are counted, and when serious ones must be reported (clinical conventions §1.11)."""

from typing import Annotated, Literal

from pydantic import Field

from app.protocol.parts import ShortCode
from app.protocol.regimes import Regime, regimes
from app.protocol.words import Frozen, Sentence, Text

Days = Annotated[int, Field(ge=0, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class AeParameters(Frozen):
    """The primary endpoint: an event of at least `min_grade` in the first days after the infusion.

    `require_related` asks for a relation to the cells; both readings are reported. `severity_fallback` reads
    mild, moderate, severe as grades 1, 2, 3 or more where no grade is sent. `seriousness` says whether the
    grade makes an event count, its being reported as serious, or both.
    """

    seriousness: Literal["grade", "serious", "both"] = "grade"
    min_grade: Annotated[int, Field(ge=1, le=5, strict=True)] = 3
    primary_window_days: Days = 10
    window_mode: Literal["calendar", "hours"] = "calendar"
    require_related: Flag = True
    severity_fallback: Flag = True
    missing_causality: Literal["undetermined", "related"] = "undetermined"
    causality_conflict: Literal["any_related", "undetermined"] = "any_related"
    grading: Literal["ctcae5", "ctcae4.03", "who1981"] = "ctcae5"


class ToxParameters(Frozen):
    """Later toxicity: from the infusion (`cumulative`) or the visit before (`interval`) to each visit."""

    mode: Literal["cumulative", "interval"] = "cumulative"
    visits: Annotated[tuple[Text, ...], Field(min_length=1)] = ("M1", "M3", "M6", "M12")
    on_demand: tuple[Text, ...] = ("M9",)


class Safety(Frozen):
    """What the protocol says of tolerance: its sentences, and the organs whose worst grade it asks for.

    `primary` is the name of the first days after the infusion, as of a visit. `regimes` are legal regimes
    of reporting that are the study's own, beside those known to every trial. `malignancies` are diagnoses
    that must not arise after the first days, where the protocol says so.
    """

    primary: Text = "D10"
    immediate: Sentence
    later: Sentence
    organs: tuple[Text, ...] = ()
    malignancies: tuple[ShortCode, ...] = ()
    no_malignancy: Sentence | None = None
    regimes: dict[Text, Regime] = Field(default_factory=dict)

    def regime(self, name: str | None) -> Regime | None:
        """The legal regime of that name."""
        return None if name is None else self.regimes.get(name) or regimes().get(name)
