"""Who asks in the leak matrix, and what each of them may see: the rule said once more, in plain words."""

from dataclasses import dataclass
from typing import Final

from app.fhir_mapping.access.role import ROLES
from app.store.visibility import COMMON, FROM_DONORS
from tests.isolation.world import CHU_B, SLE, SLS, SODIUM, SSC, Group

WEIGHT: Final = "http://loinc.org|29463-7"


@dataclass(frozen=True, slots=True)
class Who:
    """A client: its role, its sites and studies (None: every one), and its scopes where they are not all."""

    name: str
    role: str
    sites: tuple[str, ...] = ()
    studies: tuple[str, ...] | None = (SLE, SSC)
    scopes: str | None = None
    kinds: tuple[str, ...] | None = None
    narrowed: bool = False

    def may_see(self, group: Group, label: str) -> bool:
        """Whether it may see a group's resource, by what it is called."""
        role, kind = ROLES[self.role], "Observation" if label in (SODIUM, "Gone") else label
        if kind not in role.reads or (self.kinds is not None and kind not in self.kinds):
            return False
        if self.narrowed and kind == "Observation" and label != "Observation":
            return False
        if kind == "ResearchStudy":
            return self._of_study(group)
        of_site = not role.by_site or group.site in self.sites
        if kind in COMMON:
            return of_site
        if kind == FROM_DONORS:  # it is about nobody, so it is of no study
            return of_site and role.donors and (role.by_site or self.studies is None)
        return of_site and self._of_study(group) and (role.donors or not group.donor)

    def _of_study(self, group: Group) -> bool:
        return self.studies is None or group.study in self.studies


_NARROW: Final = f"system/Observation.rs?code={WEIGHT} system/Patient.rs"

CLIENTS: Final = (
    Who("site-sls", "site", (SLS,)),
    Who("site-chu-b", "site", (CHU_B,)),
    Who("donor-centre", "donor-centre", (SLS,), (SSC,)),
    Who("sponsor", "sponsor", (), (SLE,)),
    Who("safety-board", "safety-board", (), (SSC,)),
    Who("pharmacovigilance", "pharmacovigilance", (), (SSC,)),
    Who("auditor", "auditor", (), (SLE,)),
    Who("narrowed", "site", (SLS,), scopes=_NARROW, kinds=("Observation", "Patient"), narrowed=True),
    Who("scopeless", "site", (SLS,), scopes="system/Encounter.d", kinds=()),
)
NOBODY: Final = Who("no-token", "site", (), (), kinds=())
EVERYBODY: Final = (*CLIENTS, NOBODY)
