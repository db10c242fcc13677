"""The demonstration trials: the FHIR Bundles under app/demo as tables and their translation.

The studies, and of MSC-SLE the number of subjects, the first and the last day of inclusion and the counts
of adverse events, are those of the published sources (docs/demonstration.md names them). Everything else
is made up so that every kind of answer can be seen, and says so in `meta.tag`.
"""

from pathlib import Path

from tools.demonstration import sclerosis_records, study
from tools.demonstration.candidates import CANDIDATES, candidate
from tools.demonstration.hospital import around
from tools.demonstration.layout import bundle
from tools.demonstration.sclerosis import INFUSED, SCREENED_DONORS, SCREENED_RECIPIENTS
from tools.demonstration.sites import at
from tools.demonstration.subjects import TREATED
from tools.demonstration.treated import corrections, treated

PLACE = Path(__file__).parents[2] / "app" / "demo"


def files() -> dict[str, str]:
    """Every file of the demonstration, by its path below app/demo, in the order they are loaded."""
    contents = {"msc-sle/study.json": [*study.lupus(), *around()]}
    contents |= {f"msc-sle/subject-{one.number}.json": treated(one) for one in TREATED}
    contents |= {f"msc-sle/candidate-{one.number}.json": candidate(one) for one in CANDIDATES}
    contents["msc-sle/corrections.json"] = corrections()
    contents["msc-ssc/study.json"] = study.sclerosis()
    contents |= {f"msc-ssc/subject-{one.number}.json": sclerosis_records.recipient(one) for one in INFUSED}
    contents |= {
        f"msc-ssc/candidate-{one.number}.json": sclerosis_records.candidate(one)
        for one in SCREENED_RECIPIENTS
    }
    contents |= {f"msc-ssc/donor-{one.number}.json": sclerosis_records.donor(one) for one in SCREENED_DONORS}
    return {name: bundle(at(_part(name), resources)) for name, resources in contents.items()}


def _part(name: str) -> str:
    """Whose file it is, as the id of the ResearchSubject; that of a study is nobody's."""
    trial, _, whose = name.removesuffix(".json").partition("/")
    return f"{trial}-{whose.rpartition('-')[2]}"
