"""The demonstration trial: the FHIR Bundles under app/demo/msc-sle/ as one table and its translation.

The study, the number of subjects, the first and the last day of inclusion and the counts of adverse
events are those of the published sources (docs/demonstration.md names them). Everything else is made
up so that every kind of answer can be seen, and says so in `meta.tag`.
"""

from pathlib import Path

from tools.demonstration.candidates import CANDIDATES, candidate
from tools.demonstration.layout import bundle
from tools.demonstration.study import study
from tools.demonstration.subjects import TREATED
from tools.demonstration.treated import corrections, treated

PLACE = Path(__file__).parents[2] / "app" / "demo" / "msc-sle"


def files() -> dict[str, str]:
    """Every file of the demonstration trial, by name, in the order they are loaded."""
    contents = {"study.json": study()}
    contents |= {f"subject-{subject.number}.json": treated(subject) for subject in TREATED}
    contents |= {f"candidate-{one.number}.json": candidate(one) for one in CANDIDATES}
    contents["corrections.json"] = corrections()
    return {name: bundle(resources) for name, resources in contents.items()}
