"""How scores and questionnaires are read where the sources are open (conventions §1.5 to §1.8, §1.15)."""

from typing import Annotated, Literal

from pydantic import Field

from app.protocol.words import Frozen, Text


class SliccParameters(Frozen):
    """Which list of the SLICC/ACR damage index: 41 items (0 to 47), 39 (0 to 45) or 42 (0 to 48)."""

    items: Literal[41, 39, 42] = 41


class Sf36Parameters(Frozen):
    """SF-36v2: recoded by its manual, or every question with equal weight as the registry says."""

    scoring: Literal["manual_v2", "equal_weight_linear"] = "manual_v2"


class Eq5dParameters(Frozen):
    """EQ-5D: the version of the questionnaire and the country of the value set."""

    version: Literal["5L"] = "5L"
    value_set: Literal["FR"] = "FR"


class SscParameters(Frozen):
    """Progression of systemic sclerosis: no response rule is defined; a change is relative or in points."""

    response: Literal["none"] = "none"
    change: Literal["relative", "absolute"] = "relative"


class ResponseParameters(Frozen):
    """Major and partial clinical response, which the sources name and do not define.

    `visit_adapted` answers at every visit, `explorer_sustained` once, with M6 as week 24 and M12 as week 52.
    `visits` are those it is asked at, `highlighted` the one that objective 4 is about.
    """

    definition: Literal["visit_adapted", "explorer_sustained"] = "visit_adapted"
    visits: Annotated[tuple[Text, ...], Field(min_length=1)] = ("M3", "M6", "M9", "M12")
    highlighted: Text = "M3"
    baseline_min: Literal["one_a_or_b", "none"] = "one_a_or_b"


class CytokineParameters(Frozen):
    """At which visits cytokines are due: objective 6b and criterion 9 name different ones."""

    visits: Annotated[tuple[Text, ...], Field(min_length=1)] = ("M0", "M1", "M3", "M6", "M12")


class RateParameters(Frozen):
    """The rates of an endpoint: over the subjects decided, over all with the others as not met, or both."""

    missing: Literal["both", "observed", "non_responder"] = "both"
