"""docs/replays.md: every published number, how it is asked for, and what is filled in.

python -m tests.replays.page
"""

from collections.abc import Iterator

from tests.postgres import ROOT
from tests.replays.cohorts import COHORTS
from tests.replays.cohorts import __doc__ as sources
from tests.replays.published import LINES

TITLES = {
    "r1": "MSC-SLE: eight treated subjects",
    "r2": "MSC-SSc: twenty treated subjects",
    "kamen": "Kamen 2022: six women with lupus, one dose of umbilical-cord cells",
    "wang": "Wang 2014: forty patients with lupus, umbilical-cord cells",
    "merrill": "Merrill 2010 (EXPLORER): rituximab and placebo",
}

HEAD = """# Published results, replayed

Each cohort is pushed as FHIR over HTTP and asked about by the operations; every number below is computed and
equal to the published one, or a test fails (`tests/replays`, on SQLite and on PostgreSQL). No per-patient
data have been published: what the sources do not give is filled in, marked as synthetic in every resource
(`meta.tag`), and named in the last column. A replay shows that the counting is right, not that the filled-in
patients existed. Cohorts without a protocol of their own are read by that of MSC-SLE.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for key in COHORTS for line in _section(key)), *_sources()]) + "\n"


def _section(key: str) -> Iterator[str]:
    yield from (f"## {TITLES[key]}", "")
    yield "| | published, and computed | asked as | filled in |"
    yield "|---|---|---|---|"
    for line in LINES:
        if line.cohort == key:
            asked = ", ".join(
                f"`{word}={value}`"
                for word, value in (("visit", line.visit), ("rule", line.rule), ("arm", line.arm))
                if value
            )
            result = f"`{line.question}`, `{line.name}`" + (f", {asked}" if asked else "")
            yield f"| {line.what} | {line.published} | {result} | {line.synthetic} |"
    yield ""


def _sources() -> Iterator[str]:
    table = [line for line in (sources or "").splitlines() if line.startswith("|")]
    yield from ("## Sources", "", *table)


if __name__ == "__main__":
    (ROOT / "docs" / "replays.md").write_text(page(), "utf-8")
