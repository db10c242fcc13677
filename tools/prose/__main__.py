"""Write docs/clinical/<protocol>.<language>.md, every protocol as prose to be read and signed, and states.md.

python -m tools.prose
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.protocol.criteria import Criterion, parts_of
from app.protocol.definition import Protocol
from app.protocol.eligibility import Criteria
from app.protocol.loader import load_all
from tools.prose.endpoints import endpoints
from tools.prose.readings import reading
from tools.prose.states import states

PLACE = Path(__file__).parents[2] / "docs" / "clinical"
LANGUAGES = ("en", "fr")

WORDS: Mapping[str, Mapping[str, str]] = {
    "drawn": {
        "en": "Drawn from the protocol's file (`python -m tools.prose`): what is written here decides.",
        "fr": "Tiré du fichier du protocole (`python -m tools.prose`) : ce qui est écrit ici décide.",
    },
    "version": {"en": "Version", "fr": "Version"},
    "planned": {"en": "subjects planned", "fr": "sujets prévus"},
    "product": {
        "en": "Product whose first infusion is day 0",
        "fr": "Produit dont la première perfusion est J0",
    },
    "start": {"en": "Start", "fr": "Début"},
    "doses": {"en": "Doses", "fr": "Doses"},
    "visits": {"en": "Visits", "fr": "Visites"},
    "visit": {"en": "Visit", "fr": "Visite"},
    "day": {"en": "Planned day", "fr": "Jour prévu"},
    "window": {"en": "Window", "fr": "Fenêtre"},
    "assessed": {"en": "Assessed", "fr": "Évalué"},
    "inclusion": {"en": "Inclusion criteria", "fr": "Critères d'inclusion"},
    "exclusion": {"en": "Exclusion criteria", "fr": "Critères de non-inclusion"},
    "sri": {"en": "SLE Responder Index", "fr": "Indice de réponse SRI"},
    "at": {"en": "Asked at", "fr": "Évalué à"},
    "decided": {"en": "decided by", "fr": "décidé par"},
    "choices": {"en": "Choices the sources leave open", "fr": "Choix que les sources laissent ouverts"},
    "choice": {"en": "Choice", "fr": "Choix"},
    "value": {"en": "Value", "fr": "Valeur"},
    "because": {"en": "Why", "fr": "Pourquoi"},
    "parameters": {"en": "Parameters", "fr": "Paramètres"},
    "examples": {"en": "Worked examples", "fr": "Exemples"},
    "signed": {
        "en": "Read, and found to say what the protocol means:",
        "fr": "Lu, et conforme au sens du protocole :",
    },
    "name": {"en": "Name, function", "fr": "Nom, fonction"},
    "date": {"en": "Date, signature", "fr": "Date, signature"},
}


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        f"{protocol.key.lower()}.{language}.md": "\n".join(_page(protocol, language)) + "\n"
        for protocol in load_all().values()
        for language in LANGUAGES
    }


def _page(protocol: Protocol, language: str) -> Iterator[str]:
    def word(key: str) -> str:
        return WORDS[key][language]

    study = protocol.study
    yield from (f"# {protocol.key}", "", said(study.title, language), "", word("drawn"), "")
    yield f"- {', '.join(f'{one.system} {one.value}' for one in study.identifiers)}"
    planned = f"; {study.planned} {word('planned')}" if study.planned else ""
    yield f"- {word('version')} {protocol.version}{planned}; {study.phase or ''}".rstrip("; ")
    yield from (f"- {word('start')}: {one.on} ({one.source})" for one in study.start)
    yield from (f"- {said(one.says, language)} ({one.source})" for one in study.design)
    yield f"- {word('product')}: {', '.join(code.code for code in study.products)}"
    if protocol.arms:
        yield from ("", f"## {word('doses')}", "")
        yield from (f"- `{arm.name}`: {said(arm.title, language)}" for arm in protocol.arms)
    yield from ("", f"## {word('visits')}", "")
    yield from _table([word(key) for key in ("visit", "day", "window", "assessed")], _visits(protocol))
    yield from _criteria(protocol, "", language)
    for population in protocol.populations:
        yield from _criteria(population, f": {said(population.title, language)}", language)
    yield from _sri(protocol, language)
    yield from endpoints(protocol, language)
    if protocol.choices:
        yield from ("", f"## {word('choices')}", "")
        rows = ((f"`{one.name}`", _shown(one.value), one.because) for one in protocol.choices)
        yield from _table([word("choice"), word("value"), word("because")], rows)
    yield from ("", f"## {word('parameters')}", "")
    yield from _table([word("choice"), word("value")], _parameters(protocol.parameters))
    yield from ("", f"## {word('examples')}", "")
    yield from (f"- {one.id}: {one.says}" for one in protocol.example)
    for criteria in (protocol, *protocol.populations):
        yield from (f"- {one.id}: {one.says}: **{one.expect}**" for one in criteria.eligibility_example)
    yield from ("", "---", "", word("signed"), "")
    yield from _table([word("name"), word("date")], [("&nbsp;", "&nbsp;"), ("&nbsp;", "&nbsp;")])


def _visits(protocol: Protocol) -> Iterator[tuple[str, ...]]:
    for visit in protocol.visits:
        first, last = visit.window
        yield visit.label, str(visit.day), f"{first} … {last}", ", ".join(visit.assessed)


def _criteria(criteria: Criteria, of: str, language: str) -> Iterator[str]:
    for key, listed in (("inclusion", criteria.inclusion), ("exclusion", criteria.exclusion)):
        if listed:
            yield from ("", f"## {WORDS[key][language]}{of}", "")
            yield from (line for one in listed for line in _criterion(one, language, depth=0))


def _criterion(criterion: Criterion, language: str, *, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}- **{criterion.id}** {said(criterion.text, language)}"
    yield f"{indent}  {WORDS['decided'][language]}: {reading(criterion, language)}"
    for part in parts_of(criterion):
        yield from _criterion(part, language, depth=depth + 1)


def _sri(protocol: Protocol, language: str) -> Iterator[str]:
    if protocol.sri is None:
        return
    yield from ("", f"## {WORDS['sri'][language]}", "")
    events = f"`sri.intercurrent` = {protocol.sri.intercurrent}"
    yield f"{WORDS['at'][language]} {', '.join(protocol.sri.visits)} ({events})."
    for rule in protocol.sri.rules:
        yield from ("", f"### {said(rule.title, language)}", "")
        yield f"- {said(rule.text.sledai, language)}: >= {rule.sledai_drop}"
        yield f"- {said(rule.text.bilag_a, language)}: <= {rule.max_new_a}"
        yield f"- {said(rule.text.bilag_b, language)}: <= {rule.max_new_b}"
        worse = f"{rule.pga_worsening_op} {rule.pga_worsening_threshold}"
        yield f"- {said(rule.text.pga, language)}: {worse}"
        yield from (f"- {said(remark, language)}" for remark in rule.remarks)


TOLD_ELSEWHERE = {
    "study",
    "visits",
    "arms",
    "parameters",
    "sri",
    "choices",
    "drugs",
    "body",
    "attestations",
    "inclusion",
    "exclusion",
    "populations",
    "candidate",
    "example",
    "eligibility_example",
}
"""What a page says beside the endpoints, or leaves to docs/clinical/attestations.md and the examples."""


def _parameters(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _parameters(value, f"{prefix}{name}.")
        else:
            yield f"`{prefix}{name}`", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(_shown, value))
    if isinstance(value, BaseModel):
        return "(" + ", ".join(f"{name} {_shown(inner)}" for name, inner in value) + ")"
    return "" if value is None else str(value)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = [*head]
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (f"| {' | '.join(cells)} |" for cells in rows)


def said(sentence: Any, language: str) -> str:
    """A sentence of the protocol in one language."""
    return str(getattr(sentence, language))


def main() -> None:
    """Write the pages."""
    for name, text in (pages() | {"states.md": states()}).items():
        (PLACE / name).write_text(text, "utf-8")
        print(name)


if __name__ == "__main__":
    main()
