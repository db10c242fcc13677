"""Of which site a resource is, where its sender does not say: the server adds the tag by which it is seen.

What is about a patient is of the patient's site and needs no tag of its own. Everything else a client of a
site stores would be nobody's without one, but a study and the common stock of a trial.
"""

from collections.abc import Mapping, Sequence

from app.fhir_mapping.change import Put
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.site_tag import tagged, untagged
from app.store.current import NEVER, Current
from app.store.database import Key
from app.store.piece import Piece, index_of, standing
from app.store.settle import together
from app.store.visibility import COMMON

_OF_NO_SITE = frozenset((*COMMON, "ResearchStudy"))


def tag_sites(pieces: Sequence[Piece], current: Mapping[Key, Current]) -> None:
    """Give what clients of sites store without a site tag the one it needs.

    What stands keeps its site, so that nothing goes out of sight by what a hospital has always sent. 422
    where a client of several sites does not say of which something new is.
    """
    for piece in standing(pieces):
        sites = sorted(piece.visibility.sites or ())
        if sites:
            piece.refused = _tag(piece, sites, current)


def _tag(piece: Piece, sites: Sequence[str], current: Mapping[Key, Current]) -> Refusal | None:
    refusals = []
    for place, target in enumerate(piece.targets):
        if not isinstance(target, Put):
            continue
        stands = current.get((target.resource.name, target.id), NEVER)
        try:
            if (own := _of_site(piece, target, sites, stands)) is not target:
                piece.settle(place, own)
            if twins := piece.twins.get(place):
                piece.twins[place] = [(at, _of_site(piece, twin, sites, stands)) for at, twin in twins]
        except Refusal as refused:
            refusals.append(refused)
    return together(refusals)


def _of_site(piece: Piece, put: Put, sites: Sequence[str], stands: Current) -> Put:
    index = piece.indexes.get(id(put)) or index_of(put, piece.base)
    kind = put.resource.name
    if index.site is not None or (kind != "Patient" and (index.patient is not None or _is_to_be_about(put))):
        return put
    if stands.site is not None and stands.site in sites:
        return tagged(put, stands.site)
    if kind in _OF_NO_SITE:
        return put
    if len(sites) > 1:
        raise untagged(put, sites)
    return tagged(put, sites[0])


def _is_to_be_about(put: Put) -> bool:
    """Whether it names a patient by a search that is not answered yet."""
    return any(one.query.resource.name == "Patient" for one in (put.references or {}).values())
