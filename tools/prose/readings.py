"""What each kind of criterion looks at, in a sentence of each language."""

from collections.abc import Callable, Mapping
from typing import Any

from app.clinical.comparison import plain

Language = str
Reading = Callable[[Any, Language], str]

JOINED = {
    "all-of": {"en": "all of these", "fr": "tout ce qui suit"},
    "any-of": {"en": "at least one of these", "fr": "au moins un des éléments suivants"},
    "not": {"en": "this is not so", "fr": "ceci n'est pas le cas"},
    "first-known": {"en": "the first of these that is known", "fr": "le premier élément connu parmi ceux-ci"},
    "one-fact": {
        "en": "whatever of these is known, which must agree",
        "fr": "ce qui est connu parmi ces éléments, qui doivent concorder",
    },
    "where-applicable": {
        "en": "where the first applies, the second (else it holds)",
        "fr": "si le premier s'applique, le second (sinon le critère est satisfait)",
    },
    "provided": {
        "en": "the second, which can only be judged where the first holds",
        "fr": "le second, qui ne peut être jugé que si le premier est vrai",
    },
    "chosen": {"en": "the reading in force", "fr": "la lecture retenue"},
    "allowed": {"en": "this, as far as it is allowed", "fr": "ceci, dans la mesure où c'est admis"},
    "unless-attested": {
        "en": "this, unless an investigator attests `{attestation}`",
        "fr": "ceci, sauf si un investigateur atteste `{attestation}`",
    },
}
"""The kinds that combine others; what they combine stands below them."""


def reading(part: Any, language: Language) -> str:
    """How a criterion, or a part of one, is decided."""
    if part.kind in JOINED:
        return JOINED[part.kind][language].format(attestation=getattr(part, "attestation", ""))
    return LOOKED_AT[part.kind](part, language)


def days(count: int | None, language: Language) -> str:
    """In which days before the day asked for something is looked for."""
    if count is None:
        return {"en": "at any time before", "fr": "à tout moment auparavant"}[language]
    return {"en": f"in the last {count} days", "fr": f"au cours des {count} derniers jours"}[language]


def _age(part: Any, language: Language) -> str:
    low = ">=" if part.min_inclusive else ">"
    words = {"en": "age in years, by birthdays", "fr": "âge en années, selon les anniversaires"}
    return f"{words[language]}: {low} {part.min_years}, < {part.too_old}"


def _sex(part: Any, language: Language) -> str:
    said = {"female": {"en": "female", "fr": "féminin"}, "male": {"en": "male", "fr": "masculin"}}
    return {"en": "administrative gender", "fr": "sexe administratif"}[
        language
    ] + f": {said[part.is_][language]}"


def _childbearing(part: Any, language: Language) -> str:
    return {
        "en": f"as attested (`{part.attestation}`); else every woman up to {part.max_age} years",
        "fr": f"selon l'attestation (`{part.attestation}`) ; sinon toute femme jusqu'à {part.max_age} ans",
    }[language]


def _attested(part: Any, language: Language) -> str:
    words = {"en": "an investigator attests", "fr": "un investigateur atteste"}[language]
    return f"{words} `{part.attestation}`, {days(part.within_days, language)}"


def _tested(part: Any, language: Language) -> str:
    result = {
        "positive": {"en": "positive", "fr": "positif"},
        "negative": {"en": "negative", "fr": "négatif"},
    }
    codes = codes_of([assay.code for assay in part.assays])
    when = days(None if part.ever else part.within_days, language)
    which = {
        "en": "any test" if part.ever else "latest test",
        "fr": "un test quelconque" if part.ever else "dernier test",
    }
    return f"{which[language]} ({codes}) {result[part.is_][language]}, {when}"


def _measured(part: Any, language: Language) -> str:
    which = {"en": "latest value", "fr": "dernière valeur"}[language]
    return f"{which} ({codes_of(part.codes)}) {threshold(part, language)}, {days(part.within_days, language)}"


def _repeated(part: Any, language: Language) -> str:
    apart = {
        "en": f"{part.hours_apart} hours" if part.hours_apart else f"{part.days_apart} days",
        "fr": f"{part.hours_apart} heures" if part.hours_apart else f"{part.days_apart} jours",
    }[language]
    words = {"en": "two values at least {} apart", "fr": "deux valeurs à au moins {} d'intervalle"}[language]
    return (
        f"{words.format(apart)} ({codes_of(part.codes)}) {threshold(part, language)}, "
        f"{days(part.within_days, language)}"
    )


def _changed(part: Any, language: Language) -> str:
    moved = {
        "fall": {"en": "fell by more than", "fr": "a baissé de plus de"},
        "any": {"en": "changed by more than", "fr": "a varié de plus de"},
    }[part.direction][language]
    by = "%" if part.by == "relative" else "points"
    words = {
        "en": "latest value ({codes}) {moved} {size} {by} since {last} to {first} days before",
        "fr": "dernière valeur ({codes}) {moved} {size} {by} depuis {last} à {first} jours auparavant",
    }[language]
    size, codes = plain(part.more_than), codes_of(part.codes)
    return words.format(codes=codes, moved=moved, size=size, by=by, last=part.to_days, first=part.from_days)


def _scored(part: Any, language: Language) -> str:
    which = {"en": "latest total", "fr": "dernier total"}[language]
    return (
        f"{which} ({codes_of(part.codes)}) {part.op} {plain(part.value)}, {days(part.within_days, language)}"
    )


def _baseline_score(part: Any, language: Language) -> str:
    which = {"en": "{} total at baseline", "fr": "total {} à l'inclusion"}[language].format(part.score)
    return f"{which} {part.op} {plain(part.value)}"


def _clearance(part: Any, language: Language) -> str:
    which = {"en": "creatinine clearance", "fr": "clairance de la créatinine"}[language]
    unit = "mL/min"
    return (
        f"{which} ({part.formula}) {part.op} {plain(part.value)} {unit}, {days(part.within_days, language)}"
    )


def _daily_dose(part: Any, language: Language) -> str:
    op = ">" if part.strict else ">="
    row = {"en": "in a row", "fr": "consécutifs"}[language] if part.consecutive else ""
    length = {"en": f"on at least {part.days} days", "fr": f"pendant au moins {part.days} jours"}[language]
    return f"{drugs(part, language)}: {op} {plain(part.dose)} {part.unit}, {length} {row}".rstrip()


def _monthly_dose(part: Any, language: Language) -> str:
    length = {
        "en": f"in each of {part.months} months of 30 days",
        "fr": f"au cours de chacun de {part.months} mois de 30 jours",
    }[language]
    return f"{drugs(part, language)}: >= {plain(part.dose)} {part.unit} {length}"


def _course(part: Any, language: Language) -> str:
    words = {
        "en": "{n} doses of {dose}, {days} ± {tolerance} days apart",
        "fr": "{n} doses de {dose}, à {days} ± {tolerance} jours d'intervalle",
    }[language]
    dose = f"{plain(part.dose)} {part.unit} (± {plain(part.dose_tolerance * 100)} %)"
    said = words.format(n=part.doses, dose=dose, days=part.interval_days, tolerance=part.interval_tolerance)
    return f"{drugs(part, language)}: {said}"


def _stable(part: Any, language: Language) -> str:
    classes = ", ".join(name for one in part.classes if one.counted for name in one.drugs)
    return {
        "en": f"on {', '.join(part.required)}, and no dose of {classes} started, stopped or changed by more "
        f"than {plain(part.tolerance_mg)} mg in the last {part.days} days",
        "fr": f"sous {', '.join(part.required)}, sans début, arrêt ni changement de dose de plus de "
        f"{plain(part.tolerance_mg)} mg ({classes}) au cours des {part.days} derniers jours",
    }[language]


def _last_dose(part: Any, language: Language) -> str:
    words = {
        "en": f"a dose in the {part.days} days before baseline",
        "fr": f"une dose dans les {part.days} jours précédant l'inclusion",
    }[language]
    return f"{drugs(part, language)}: {words}"


def _enrolled(part: Any, language: Language) -> str:
    words = {
        "en": "another ResearchSubject of the same patient is",
        "fr": "un autre ResearchSubject du même patient est",
    }
    return f"{words[language]} {', '.join(part.statuses)}"


def _diagnosed(part: Any, language: Language) -> str:
    words = {
        "en": "a confirmed diagnosis" if part.ever else "a confirmed, active diagnosis",
        "fr": "un diagnostic confirmé" if part.ever else "un diagnostic confirmé et actif",
    }
    but = {"en": "except", "fr": "sauf"}[language]
    excepted = f", {but} {codes_of(part.excepted)}" if part.excepted else ""
    return f"{words[language]} ({codes_of(part.codes)}{excepted})"


def _consented(_part: Any, language: Language) -> str:
    return {
        "en": "a Consent in force, not later than the first procedure of the study",
        "fr": "un Consent en vigueur, au plus tard au premier acte de l'étude",
    }[language]


def _stopped(part: Any, language: Language) -> str:
    words = {"en": "stopped for", "fr": "arrêté pour"}[language]
    return f"{drugs(part, language)}: {words} {codes_of(part.reasons)}"


LOOKED_AT: Mapping[str, Reading] = {
    "age-between": _age,
    "sex": _sex,
    "childbearing-potential": _childbearing,
    "attested": _attested,
    "tested": _tested,
    "measured": _measured,
    "repeated": _repeated,
    "changed": _changed,
    "scored": _scored,
    "score-at-baseline": _baseline_score,
    "creatinine-clearance": _clearance,
    "daily-dose": _daily_dose,
    "monthly-dose": _monthly_dose,
    "dose-course": _course,
    "stable-treatment": _stable,
    "last-dose-within": _last_dose,
    "other-enrolment": _enrolled,
    "diagnosed": _diagnosed,
    "consented": _consented,
    "stopped-for": _stopped,
}


def codes_of(codes: Any) -> str:
    """The codes as somebody looks them up; the last part of the system names it."""
    return ", ".join(f"{code.system.rstrip('/').rpartition('/')[2]} {code.code}" for code in codes)


def drugs(part: Any, language: Language) -> str:
    """The drugs, with the routes where they matter."""
    routes = {
        "oral": {"en": "oral", "fr": "voie orale"},
        "intravenous": {"en": "intravenous", "fr": "voie intraveineuse"},
        "subcutaneous": {"en": "subcutaneous", "fr": "voie sous-cutanée"},
        "intramuscular": {"en": "intramuscular", "fr": "voie intramusculaire"},
    }
    by = ", ".join(routes[route][language] for route in part.routes)
    return ", ".join(part.drugs) + (f" ({by})" if by else "")


def threshold(part: Any, language: Language) -> str:
    """The number it is compared with."""
    if part.value is None:
        limit = {"en": "times the upper limit of normal", "fr": "fois la limite supérieure de la normale"}
        return f"{part.op} {plain(part.times_upper_limit)} {limit[language]}"
    others = "".join(f" ({part.op} {plain(value)} {unit})" for unit, value in part.reported.items())
    return f"{part.op} {plain(part.value)} {part.unit}{others}"
