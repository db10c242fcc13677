"""What decides each endpoint, in sentences of each language: the protocol's words with its numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.clinical.comparison import plain
from app.protocol.definition import Protocol
from app.protocol.failure import Failure
from app.protocol.parameters import Parameters
from app.protocol.response import Response
from app.protocol.words import Sentence
from tools.prose.readings import codes_of

Section = Callable[[Protocol, str], Iterator[str]]


def _said(sentence: Sentence, language: str) -> str:
    return str(getattr(sentence, language))


def _listed(items: Sequence[Any]) -> str:
    return ", ".join(map(str, items))


def _response(protocol: Protocol, language: str) -> Iterator[str]:
    response, asked = protocol.response, protocol.parameters.response
    if response is None:
        return
    yield {
        "en": f"Asked at {_listed(asked.visits)} against {response.reference}; definition in force: "
        f"`{asked.definition}`; {response.week_24} is week 24, {response.week_52} week 52.",
        "fr": f"Évaluée à {_listed(asked.visits)} par rapport à {response.reference} ; définition retenue : "
        f"`{asked.definition}` ; {response.week_24} est la semaine 24, {response.week_52} la semaine 52.",
    }[language]
    yield ""
    yield f"- {asked.highlighted}: {_said(response.objective, language)}"
    for name, conditions in _responses(response, language).items():
        yield f"- {name}:"
        yield from conditions
    yield from (f"- {_said(one, language)}" for one in response.remarks)
    if asked.baseline_min == "none":
        yield {
            "en": "- Activity at inclusion is not asked for (`response.baseline_min` = none).",
            "fr": "- L'activité à l'inclusion n'est pas exigée (`response.baseline_min` = none).",
        }[language]


def _responses(response: Response, language: str) -> Mapping[str, list[str]]:
    """Both responses by both definitions; the conditions of a branch stand below it."""
    text, either = response.text, {"en": "one of these", "fr": "l'un de ces cas"}[language]

    def line(sentence: Sentence, *below: Sentence, depth: int = 1) -> list[str]:
        own = f"{'  ' * depth}- {_said(sentence, language)}"
        return [own, *(one for part in below for one in line(part, depth=depth + 1))]

    branch = f"  - {either}:"
    major, partial = (_said(one, language) for one in (response.major, response.partial))
    small = (text.at_most_one_b, text.no_new_a, text.no_new_b_elsewhere)
    from_severe = (text.severe_at_inclusion, text.at_most_two_b, text.nothing_new_elsewhere)
    return {
        f"**{major}**, `visit_adapted`": [
            *line(text.active),
            *line(text.clear),
            *line(text.no_severe_flare),
        ],
        f"**{partial}**, `visit_adapted`": [
            *(one for part in (text.active, text.not_major, text.no_a) for one in line(part)),
            branch,
            *line(text.limited, *small, depth=2),
            *line(text.reduced, *from_severe, depth=2),
        ],
        f"**{major}**, `explorer_sustained`, {response.week_24}, {response.week_52}": [
            *line(text.active),
            *line(text.clear),
            *line(text.no_severe_flare),
            *line(text.maintained),
        ],
        f"**{partial}**, `explorer_sustained`, {response.week_24}, {response.week_52}": [
            *(one for part in (text.active, text.not_major) for one in line(part)),
            branch,
            *line(text.maintained_for_sixteen_weeks, text.sixteen_weeks, depth=2),
            *line(text.maintained_with_one_b, depth=2),
            *line(text.maintained_with_two_b, depth=2),
        ],
    }


def _markers(protocol: Protocol, language: str) -> Iterator[str]:
    due = [visit.label for visit in protocol.visits if "immunology" in visit.assessed]
    cytokines = _listed(protocol.parameters.cytokine.visits)
    yield {
        "en": f"At {_listed(due)}; cytokines at {cytokines} (`cytokine.visits`). Each with its "
        f"reference range "
        "and its change from baseline; of several codes of one sample the first named counts.",
        "fr": f"À {_listed(due)} ; cytokines à {cytokines} (`cytokine.visits`). Chacun avec ses valeurs de "
        "référence et son évolution depuis l'inclusion ; le premier code nommé prévaut.",
    }[language]
    head = {"en": ("Marker", "Unit", "Codes"), "fr": ("Marqueur", "Unité", "Codes")}[language]
    optional = {"en": "where measured", "fr": "si mesuré"}[language]
    yield from ("", f"| {' | '.join(head)} |", "|---|---|---|")
    for one in protocol.markers:
        where = f" ({optional})" if one.optional else ""
        yield f"| {_said(one.title, language)}{where} | {one.unit or '+ / -'} | {codes_of(one.codes)} |"


def _steroids(protocol: Protocol, language: str) -> Iterator[str]:
    steroids, chosen = protocol.steroids, protocol.parameters.steroid
    if steroids is None:
        return
    known = plain(chosen.min_known_days_frac * 100)
    first, last = chosen.final_window
    share, limit = plain(chosen.reduction * 100), f"{chosen.limit_op} {plain(chosen.limit_mg)} mg/d"
    yield {
        "en": f"Mean daily dose in mg of {steroids.measured_in} (`steroid.table` = {chosen.table}): over the "
        f"{chosen.window} days that end on the visit, at {steroids.reference} over the "
        f"{chosen.baseline_days} "
        f"days before the infusion. It is known where {known} % of these days are.",
        "fr": f"Dose quotidienne moyenne en mg de {steroids.measured_in} (`steroid.table` = "
        f"{chosen.table}) : "
        f"sur les {chosen.window} jours se terminant à la visite, à {steroids.reference} sur les "
        f"{chosen.baseline_days} jours précédant la perfusion. Elle est connue si {known} % des "
        f"jours le sont.",
    }[language]
    yield ""
    for rule in steroids.rules:
        days = {"en": f"days {first} to {last}", "fr": f"J{first} à J{last}"}[language]
        over = {"visit": _listed(rule.visits), "final_window": days}
        yield f"- `{rule.name}` ({rule.source}), {over[rule.over]}:"
        yield f"  - {_said(rule.reduction, language)} (>= {share} %)"
        if rule.limit is not None:
            yield f"  - {_said(rule.limit, language)} ({limit})"


def _failure(protocol: Protocol, language: str) -> Iterator[str]:
    failure = protocol.failure
    if failure is None:
        return
    until = {"en": "Counted up to the end of the window of", "fr": "Compté jusqu'à la fin de la fenêtre de"}
    yield f"{_said(failure.text, language)} {until[language]} {failure.until}."
    yield ""
    for name, sentences in _failures(failure, protocol.parameters, language):
        yield f"- **{name}**: {sentences[0]}"
        yield from (f"  - {one}" for one in sentences[1:])


def _failures(failure: Failure, chosen: Parameters, language: str) -> Iterator[tuple[str, list[str]]]:
    """Each criterion with its numbers."""
    tf1, tf2 = chosen.tf1, chosen.tf2
    if failure.end_stage is not None:
        acute = {
            "en": f"a dialysis lasts {tf1.acute_days} days or more (`tf1.acute_days`), its sessions at most "
            f"{tf1.session_gap_days} days apart (`tf1.session_gap_days`); the diagnosis alone suffices: "
            f"`tf1.condition_suffices` = {str(tf1.condition_suffices).lower()}",
            "fr": f"la dialyse dure au moins {tf1.acute_days} jours (`tf1.acute_days`), à séances séparées "
            f"d'au plus {tf1.session_gap_days} jours (`tf1.session_gap_days`) ; le diagnostic suffit : "
            f"`tf1.condition_suffices` = {str(tf1.condition_suffices).lower()}",
        }
        yield failure.end_stage.id, [_said(failure.end_stage.text, language), acute[language]]
    if failure.creatinine is not None:
        doubled = {
            "en": f"{tf2.op} {plain(tf2.factor)} times the lowest value of the {tf2.screening_days} "
            f"days before "
            f"the infusion, confirmed {tf2.confirm_days} (-{tf2.early_days}, +{tf2.late_days}) days later",
            "fr": f"{tf2.op} {plain(tf2.factor)} fois la valeur la plus basse des {tf2.screening_days} jours "
            f"précédant la perfusion, confirmé {tf2.confirm_days} (-{tf2.early_days}, "
            f"+{tf2.late_days}) jours "
            "plus tard",
        }
        yield failure.creatinine.id, [_said(failure.creatinine.text, language), doubled[language]]
    if failure.nephritis is not None:
        yield failure.nephritis.id, _nephritis(failure, chosen, language)
    if failure.rescue is not None:
        yield failure.rescue.id, [_said(failure.rescue.text, language), *_rescue(failure, language)]


def _nephritis(failure: Failure, chosen: Parameters, language: str) -> list[str]:
    one, tf3 = failure.nephritis, chosen.tf3
    assert one is not None
    days = f"{tf3.confirmations} x {tf3.interval_days} ± {tf3.tolerance_days}"
    low = f"< {plain(one.normal_below)} → > {plain(one.above_normal)} g/24 h"
    high = f"> {plain(one.raised_above)} → > {plain(one.above_raised)} g/24 h"
    by = f"`tf3.gap_rule` = {tf3.gap_rule}, `tf3.require_doubling` = {str(tf3.require_doubling).lower()}"
    flare = f">= {plain(one.nephritic_from)} g/24 h; `tf3.nephritic_logic` = {tf3.nephritic_logic}"
    return [
        _said(one.text, language),
        f"{_said(one.proteinuric, language)} ({low}; {high}; {by})",
        f"{_said(one.nephritic, language)} (x {plain(tf3.creatinine_factor)}; {flare})",
        {"en": f"confirmed: {days} days", "fr": f"confirmé : {days} jours"}[language],
    ]


def _rescue(failure: Failure, language: str) -> list[str]:
    one = failure.rescue
    assert one is not None
    drugs = f"{_listed(one.steroids)} ({_listed(one.routes)}), {_listed(one.immunosuppressants)}"
    return [
        drugs,
        {
            "en": f"for the reason {codes_of(one.reasons)}, or attested (`{one.attestation}`)",
            "fr": f"pour le motif {codes_of(one.reasons)}, ou attesté (`{one.attestation}`)",
        }[language],
    ]


def _safety(protocol: Protocol, language: str) -> Iterator[str]:
    safety, ae, tox = protocol.safety, protocol.parameters.ae, protocol.parameters.tox
    if safety is None:
        return
    related = {
        "en": "related to the cells" if ae.require_related else "whatever the cause",
        "fr": "lié aux cellules" if ae.require_related else "quelle qu'en soit la cause",
    }
    yield f"- **{safety.primary}**: {_said(safety.immediate, language)}"
    yield (
        "  - "
        + {
            "en": f"not tolerated: an event of grade >= {ae.min_grade} ({ae.grading}), "
            f"{related['en']}, on days 0 "
            f"to {ae.primary_window_days}; the other reading is answered beside it",
            "fr": f"non toléré : un événement de grade >= {ae.min_grade} ({ae.grading}), "
            f"{related['fr']}, de J0 à "
            f"J{ae.primary_window_days} ; l'autre lecture est donnée à côté",
        }[language]
    )
    yield f"- **{_listed(tox.visits)}**: {_said(safety.later, language)} (`tox.mode` = {tox.mode})"
    if safety.no_malignancy is not None:
        yield f"  - {_said(safety.no_malignancy, language)} ({codes_of(safety.malignancies)})"
    if safety.organs:
        worst = {"en": "worst grade by organ", "fr": "grade maximal par organe"}[language]
        yield f"- {worst}: {_listed(safety.organs)}"


def _survival(protocol: Protocol, language: str) -> Iterator[str]:
    if protocol.survival is not None:
        day = {"en": "day {}", "fr": "J{}"}[language]
        for one in protocol.survival.horizons:
            yield f"- **{one.label}** ({day.format(one.day)}): {_said(one.text, language)}"


def _escalation(protocol: Protocol, language: str) -> Iterator[str]:
    dose = protocol.parameters.dose
    if protocol.escalation is None:
        return
    yield _said(protocol.escalation.text, language)
    yield ""
    a, b, limit, high, low = map(plain, (dose.prior_a, dose.prior_b, dose.p_tox, dose.p_high, dose.p_low))
    yield {
        "en": f"A probability of toxicity above {limit} is excessive; prior Beta({a}, {b}). Lower "
        f"where that is "
        f"at least {high} probable, higher where at most {low}, the committee decides between; no more at a "
        f"dose where it is at least {plain(dose.stop_prob)}, once {dose.min_n_stop} are known. Start: "
        f"`{dose.start}`, cohorts of {dose.cohort_size}.",
        "fr": f"Une probabilité de toxicité supérieure à {limit} est excessive ; loi a priori "
        f"Beta({a}, {b}). "
        f"Dose inférieure si sa probabilité atteint {high}, supérieure si elle ne dépasse pas "
        f"{low}, sinon le "
        f"comité décide ; arrêt de la dose si elle atteint {plain(dose.stop_prob)}, dès {dose.min_n_stop} "
        f"sujets connus. Début : `{dose.start}`, cohortes de {dose.cohort_size}.",
    }[language]


def _assessments(protocol: Protocol, language: str) -> Iterator[str]:
    head = {"en": ("Assessment", "Recognised by"), "fr": ("Évaluation", "Reconnue par")}[language]
    markers = {"en": "the markers above", "fr": "les marqueurs ci-dessus"}[language]
    yield from (f"| {' | '.join(head)} |", "|---|---|")
    for one in protocol.assessments:
        each = "; ".join(f"{name}: {codes_of(codes)}" for name, codes in one.each.items())
        computed = f"`${one.answered_by}`" if one.answered_by else ""
        ways = (codes_of(one.codes), each, markers if one.markers else "", _listed(one.drugs), computed)
        yield f"| {_said(one.title, language)} (`{one.name}`) | {next(filter(None, ways))} |"


SECTIONS: Mapping[str, tuple[Mapping[str, str], Section]] = {
    "response": ({"en": "Clinical response", "fr": "Réponse clinique"}, _response),
    "markers": ({"en": "Markers", "fr": "Marqueurs"}, _markers),
    "assessments": ({"en": "Assessments", "fr": "Évaluations"}, _assessments),
    "survival": ({"en": "Survival", "fr": "Survie"}, _survival),
    "steroids": ({"en": "Corticosteroids", "fr": "Corticoïdes"}, _steroids),
    "failure": ({"en": "Treatment failure", "fr": "Échec thérapeutique"}, _failure),
    "safety": ({"en": "Tolerance", "fr": "Tolérance"}, _safety),
    "escalation": ({"en": "Dose of the next cohort", "fr": "Dose de la cohorte suivante"}, _escalation),
}
"""Each section of the file that says an endpoint, or how its values are recognised, with its title."""


def endpoints(protocol: Protocol, language: str) -> Iterator[str]:
    """Every endpoint of the protocol beside the responder index."""
    for name, (title, section) in SECTIONS.items():
        if getattr(protocol, name):
            yield from ("", f"## {title[language]}", "", *section(protocol, language))
