"""A subject is in an arm its study has."""

from collections.abc import Sequence

from app.fhir_mapping import arms, codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.resource import Document
from app.store.database import Connection, Database
from app.store.piece import Indexes, Piece, standing

_STUDIES = (
    "SELECT r.id, r.document FROM resource r WHERE r.type = 'ResearchStudy' AND NOT r.deleted AND {member}"
)


async def check_arms(
    database: Database, connection: Connection, pieces: Sequence[Piece], indexes: Indexes
) -> None:
    """422 where a ResearchSubject names an arm that its study, as it is or as it comes along, has not."""
    wanted = {
        study
        for piece in standing(pieces)
        for put in _subjects(piece)
        if (study := indexes[id(put)].study) is not None
    }
    if not wanted:
        return
    sql = _STUDIES.format(member=database.member("r.id", 1))
    rows = await connection.fetch(sql, database.members(sorted(wanted)))
    stored = {name: codec.read(document) for name, document in rows}
    for piece in standing(pieces):
        coming = {put.id: put.document for put in piece.puts() if put.resource.name == "ResearchStudy"}
        issues = tuple(
            issue
            for put in _subjects(piece)
            for issue in arms.unknown(
                put.document,
                _study(indexes[id(put)].study, stored | coming),
                where=put.where or put.resource.name,
            )
        )
        piece.refused = Refusal(422, issues) if issues else None


def _subjects(piece: Piece) -> list[Put]:
    return [
        put for put in piece.puts() if put.resource.name == "ResearchSubject" and arms.named(put.document)
    ]


def _study(name: str | None, studies: dict[str, Document]) -> Document:
    return studies.get(name or "", {})
