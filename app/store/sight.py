"""Whoever writes something can see it afterwards: nothing is put where its writer may not look.

So nobody gives a patient to another site, tags anything with a site that is not theirs, enrols somebody in a
study or an arm they may not know of, or stores what their narrowed scopes do not cover.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from app.fhir_mapping import arms
from app.fhir_mapping.access.scope import Token
from app.fhir_mapping.change import Delete, IndexRows, Plain, Put
from app.fhir_mapping.extensions import SITE
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.current import seen
from app.store.database import Connection, Database, Key
from app.store.piece import Indexes, Piece, standing
from app.store.visibility import EVERYTHING, FROM_DONORS, Visibility, donor_arms
from app.store.writing import Plan


async def check_sight(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    *,
    plans: Sequence[Plan],
    indexes: Indexes,
) -> None:
    """Raise 403 where a piece wrote what its writer may not see; one statement for all who see the same.

    It is looked at when everything is written, because a patient is moved and a study joined by what comes
    in the same piece. So it is raised: what is written is taken back, and whoever was carried out beside is
    carried out again without it.
    """
    written = {(plan.version.type, plan.version.id): plan for plan in plans if plan.writes}
    wrote: dict[Visibility, set[Key]] = defaultdict(set)
    restricted = [piece for piece in standing(pieces) if piece.visibility != EVERYTHING]
    for piece in restricted:
        for change in piece.changes():
            key = (change.resource.name, change.id)
            if key in written:
                wrote[_judging(piece, change)].add(key)
    there = {who: await seen(database, connection, who, sorted(keys)) for who, keys in wrote.items()}
    for piece in restricted:
        issues = tuple(_issues(piece, there, written, indexes))
        if issues:
            raise Refusal(403, issues)


def _judging(piece: Piece, change: Plain) -> Visibility:
    """What is applied to a change: what is deleted has no tokens any more, and was seen when it had them."""
    return replace(piece.visibility, narrowed=()) if isinstance(change, Delete) else piece.visibility


def _issues(
    piece: Piece,
    there: Mapping[Visibility, AbstractSet[Key]],
    written: Mapping[Key, Plan],
    indexes: Indexes,
) -> Iterator[Issue]:
    for change in piece.changes():
        key = (change.resource.name, change.id)
        if key not in written:
            continue
        index = indexes.get(id(change))
        if key not in there[_judging(piece, change)]:
            yield _forbidden(change, _why(piece, change, index))


def _forbidden(change: Plain, text: str) -> Issue:
    return Issue("forbidden", text, change.where or change.resource.name)


def _why(piece: Piece, change: Plain, index: IndexRows | None) -> str:
    """What hides it, and so what to do."""
    unknown = "it is about somebody, or of a study, that you do not see"
    reasons = () if index is None else _reasons(piece.visibility, change, index)
    return f"you could not see it afterwards: {next(iter(reasons), unknown)}"


def _reasons(sees: Visibility, change: Plain, index: IndexRows) -> Iterator[str]:
    kind = change.resource.name
    is_by_tag = kind == "Patient" or index.patient is None
    if sees.kinds is not None and kind not in sees.kinds:
        yield f"no scope of the token covers {kind}"
    if sees.sites is not None and is_by_tag and index.site not in sees.sites:
        named = " or ".join(sorted(sees.sites)) or "a site"
        yield f"tag it in meta.security with the system {SITE} and the code {named}"
    if sees.studies is not None and index.study is not None and index.study not in sees.studies:
        yield "its study is not one of yours; let the operator add it to what this client sees"
    if not sees.donors and (kind == FROM_DONORS or donor_arms() & set(_arms(change))):
        yield "it tells who gave the cells, which your role may not know"
    if narrowed := dict(sees.narrowed).get(kind):
        yield f"the token covers only {kind} with {' or '.join(map(_query, narrowed))}"


def _query(tokens: Sequence[Token]) -> str:
    return "&".join(
        f"{name}={code if system is None else f'{system}|{code}'}" for name, system, code in tokens
    )


def _arms(change: Plain) -> Iterable[str]:
    if not isinstance(change, Put) or change.resource.name != "ResearchSubject":
        return ()
    return arms.named(change.document).values()
