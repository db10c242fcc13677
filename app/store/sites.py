"""Of which site a resource is, where its sender does not say: the server adds the tag by which it is seen.

What is about a patient is of the patient's site and needs no tag of its own. Everything else a client of a
site stores is its site's, so that no other changes it. What of the common stock of a trial bears no tag is
everybody's: all see it, and only who is of no site changes it.
"""

from collections.abc import Mapping, Sequence

from app.fhir_mapping.change import Delete, Plain, Put
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.site_tag import foreign, named, tagged, twice, untagged
from app.store.current import NEVER, Current
from app.store.database import Key
from app.store.piece import Piece, index_of, standing
from app.store.settle import together
from app.store.visibility import COMMON

_OF_NO_SITE = "ResearchStudy"
"""What no site's client stores, and what no tag gives to one."""


def tag_sites(pieces: Sequence[Piece], current: Mapping[Key, Current]) -> None:
    """Give what clients of sites store without a site tag the one it needs.

    What stands keeps its site, so that nothing goes out of sight by what a hospital has always sent. 422
    where a client of several sites does not say of which something new is, where one names a site that is not
    its own, and where anybody names two; 403 for a site that changes what is everybody's.
    """
    for piece in standing(pieces):
        piece.refused = _tag(piece, current)


def _tag(piece: Piece, current: Mapping[Key, Current]) -> Refusal | None:
    refusals = []
    for place, target in enumerate(piece.targets):
        try:
            if isinstance(target, Put | Delete) and piece.visibility.sites is not None:
                _refuse_everybodys(target, current)
            if isinstance(target, Put):
                _tag_one(piece, place, target, current)
        except Refusal as refused:
            refusals.append(refused)
    return together(refusals)


def _refuse_everybodys(change: Plain, current: Mapping[Key, Current]) -> None:
    stood = current.get((change.resource.name, change.id), NEVER)
    if stood is not NEVER and change.resource.name in COMMON and stood.site is None and stood.patient is None:
        text = "it is everybody's: store one of your own, or have the sponsor or the operator change this"
        raise refusal(403, "forbidden", text, change.where or change.resource.name)


def _tag_one(piece: Piece, place: int, put: Put, current: Mapping[Key, Current]) -> None:
    for one in (put, *(twin for _, twin in piece.twins.get(place, ()))):
        _refuse_tags(piece, one)
    sites = sorted(piece.visibility.sites or ())
    if not sites:
        return
    stands = current.get((put.resource.name, put.id), NEVER)
    if (own := _of_site(piece, put, sites, stands)) is not put:
        piece.settle(place, own)
    if twins := piece.twins.get(place):
        piece.twins[place] = [(at, _of_site(piece, twin, sites, stands)) for at, twin in twins]


def _refuse_tags(piece: Piece, put: Put) -> None:
    """422 where a resource says that it is of two sites, or its writer's client that it is of another's."""
    said, own = named(put.document), piece.visibility.sites
    if own is not None and said - own:
        raise foreign(put, sorted(own))
    if len(said) > 1:
        raise twice(put)


def _of_site(piece: Piece, put: Put, sites: Sequence[str], stands: Current) -> Put:
    index = piece.indexes.get(id(put)) or index_of(put, piece.base)
    kind = put.resource.name
    if index.site is not None or (kind != "Patient" and (index.patient is not None or _is_to_be_about(put))):
        return put
    if stands.site is not None and stands.site in sites:
        return tagged(put, stands.site)
    if kind == _OF_NO_SITE:
        return put
    if len(sites) > 1:
        raise untagged(put, sites)
    return tagged(put, sites[0])


def _is_to_be_about(put: Put) -> bool:
    """Whether it names a patient by a search that is not answered yet."""
    return any(one.query.resource.name == "Patient" for one in (put.references or {}).values())
