"""What a client is in a trial: a site, the sponsor, its safety board, …; what each may see and do at most.

A client sees nothing that its role, its sites, its studies and its scopes do not all allow.
Sources: ICH E6(R3) (the sponsor does not change the investigator's data), MR-001, CTR 536/2014.
"""

from dataclasses import dataclass
from typing import Final

from app.fhir_mapping.registry import MAPPED, RESOURCES

AUDIT: Final = ("AuditEvent", "Provenance")
"""The types of the trail: served from what was done, never written by anybody."""
_EVERY: Final = frozenset((*RESOURCES, *AUDIT))
_OF_THE_TRIAL: Final = frozenset(MAPPED)
_SPONSORS: Final = frozenset(("ResearchStudy", "ConceptMap", "Medication", "Organization"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role.

    `by_site`: it sees the data of its own sites only. `donors`: it sees who gave the cells, too. `reads` and
    `writes` are the types it may be granted; `acts` the further things it may do: sign, lock, unlock, erase,
    replay, administer.
    """

    name: str
    about: str
    by_site: bool = False
    donors: bool = False
    reads: frozenset[str] = _EVERY
    writes: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()


ROLES: Final[dict[str, Role]] = {
    role.name: role
    for role in (
        Role(
            name="site",
            about="A hospital that treats subjects: it reads and writes the data of its own, and no donor's.",
            by_site=True,
            writes=frozenset(RESOURCES) - {"ResearchStudy"},
            acts=frozenset(("sign",)),
        ),
        Role(
            name="donor-centre",
            about="Who selects the donors and makes the cells: it reads and writes its own site's.",
            by_site=True,
            donors=True,
            writes=frozenset(RESOURCES) - {"ResearchStudy"},
            acts=frozenset(("sign",)),
        ),
        Role(
            name="sponsor",
            about="Who answers for the trial: it reads its studies at every site and changes no site's data.",
            donors=True,
            writes=_SPONSORS,
            acts=frozenset(("sign", "lock", "unlock")),
        ),
        Role(
            name="safety-board",
            about="The independent board: it reads the trial data of its studies at every site, no donor's.",
            reads=_OF_THE_TRIAL,
        ),
        Role(
            name="pharmacovigilance",
            about="Who reports serious events: it reads the trial data of its studies, the donors' too.",
            donors=True,
            reads=_OF_THE_TRIAL | {"BiologicallyDerivedProduct", "Device", "Medication"},
        ),
        Role(
            name="auditor",
            about="An inspector: it reads everything of its studies, and the trail of who did what.",
            donors=True,
        ),
        Role(
            name="administrator",
            about="Who runs the server: everything of every site, and the acts nobody else may do.",
            donors=True,
            writes=frozenset(RESOURCES),
            acts=frozenset(("sign", "lock", "unlock", "erase", "replay", "administer")),
        ),
    )
}
