"""The shape of every computed answer: a verdict, the criteria under it, and what they rest on."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from app.clinical.interval import Interval
from app.clinical.records import Source
from app.clinical.truth import Truth

Value = Decimal | int | str | bool | date | Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, a word or a day of an answer that decides nothing by itself: a total, a change, a dose.

    `value` is None where it is not known, and `reasons` (the codes of §0.2) say why. A number only known to
    lie between two bounds is an Interval. `unit` is a UCUM code.
    """

    name: str
    value: Value | None
    unit: str | None = None
    evidence: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One criterion's verdict with its evidence.

    `text` is the protocol's own sentence by language (`en`, `fr`). `observed` is the value as
    received, `normalised` the same in the canonical unit, `threshold` what it was compared with.
    `reasons` are the codes of clinical conventions §0.2 (plus `window-open`), given whenever the
    verdict is not known. `needs` says in a sentence what would settle it. `notes` are remarks that
    change no verdict (the branch that satisfied a composite, a data query, a variant used).
    """

    id: str
    verdict: Truth
    text: tuple[tuple[str, str], ...] = ()
    observed: str | None = None
    normalised: str | None = None
    threshold: str | None = None
    evidence: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()
    needs: str | None = None
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    parts: tuple["Finding", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to one question about one subject, or about one group of a study's subjects.

    `verdict` is as on the wire: `met | not-met | undetermined` for an endpoint,
    `eligible | ineligible | undetermined` for eligibility; None where nothing is decided and the figures
    are the answer. `name` is what the result is of: an instrument, an analyte, a criterion, a kind of event;
    as every name and rule it is a code without blanks.
    `visit`, `rule` and `arm` are None where the question has none. `missing` lists, in sentences, what is
    needed before it can be decided. `question` is the one it answers, where an answer gathers several.
    """

    verdict: str | None = None
    findings: tuple[Finding, ...] = ()
    name: str | None = None
    arm: str | None = None
    visit: str | None = None
    rule: str | None = None
    reasons: tuple[str, ...] = ()
    evidence: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The results of one operation, with all that is needed to reproduce them.

    `subject` is the version of the ResearchSubject asked about, or of the ResearchStudy.
    """

    question: str  # "sri-status", "eligibility"
    subject: Source
    protocol: str  # "MSC-SLE"
    protocol_version: str
    results: tuple[Result, ...]
    on: str | None = None  # the clinical day asked for, where the question has one
    notes: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def code(text: str) -> str:
    """Words as a name of a result or figure: `Infections and infestations` is infections-and-infestations."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def wire(truth: Truth) -> str:
    """The verdict as it is spelt on the wire."""
    return _ON_THE_WIRE[truth]


_ON_THE_WIRE: Final = {Truth.YES: "met", Truth.NO: "not-met", Truth.UNKNOWN: "undetermined"}
