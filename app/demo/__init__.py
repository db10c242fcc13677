"""The demonstration: MSC-SLE and MSC-SSc with treated subjects, candidates and donors, as FHIR files.

The files go in through the service's own interface, as any hospital's would. docs/demonstration.md
says what each subject shows, and which numbers come from the published sources.
"""

from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

CONTENT_TYPE = "application/fhir+json"

TRIALS = (
    ("msc-sle/study.json", "ResearchStudy/msc-sle"),
    *((f"msc-sle/subject-0{number}.json", f"ResearchSubject/msc-sle-0{number}") for number in range(1, 9)),
    *(
        (f"msc-sle/candidate-c0{number}.json", f"ResearchSubject/msc-sle-c0{number}")
        for number in range(1, 4)
    ),
    ("msc-sle/corrections.json", "Observation/msc-sle-04-m3-pga/_history/2"),
    ("msc-ssc/study.json", "ResearchStudy/msc-ssc"),
    *((f"msc-ssc/subject-0{number}.json", f"ResearchSubject/msc-ssc-0{number}") for number in range(1, 5)),
    *((f"msc-ssc/candidate-c0{number}.json", f"ResearchSubject/msc-ssc-c0{number}") for number in (1, 2)),
    *((f"msc-ssc/donor-d0{number}.json", f"ResearchSubject/msc-ssc-d0{number}") for number in (1, 2)),
)
"""The files in the order they are loaded, each with an address that answers once it has been loaded."""


class NotLoadedError(RuntimeError):
    """The server would not take a file of the demonstration."""


async def load(client: "httpx.AsyncClient") -> int:
    """Load what is not there yet, each file as one transaction; the answer is how many resources went in.

    `client` has the server's root as its base address. What was loaded once is left as people have
    made it since; also what they deleted stays deleted.
    """
    return sum([await _load(client, name, address) for name, address in TRIALS])


async def _load(client: "httpx.AsyncClient", name: str, address: str) -> int:
    """Load one file, unless its address says that it has been."""
    there = await client.get(f"/fhir/{address}")
    if there.status_code in (HTTPStatus.OK, HTTPStatus.GONE):
        return 0
    content = files(__package__).joinpath(name).read_bytes()
    answer = await client.post("/fhir", content=content, headers={"Content-Type": CONTENT_TYPE})
    if answer.status_code != HTTPStatus.OK:
        raise NotLoadedError(f"{name} was refused ({answer.status_code}): {_reasons(answer)}")
    return len(answer.json()["entry"])


def _reasons(answer: "httpx.Response") -> str:
    """What the OperationOutcome says, or the body itself where there is none."""
    try:
        issues = answer.json()["issue"]
        said = [f"{' '.join(issue.get('expression', ()))}: {issue.get('diagnostics')}" for issue in issues]
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
    return "; ".join(said)
