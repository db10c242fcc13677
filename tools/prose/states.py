"""docs/clinical/states.md: the states of a subject, which may follow which, and how each is recorded."""

from collections.abc import Iterator

from app.clinical.subjects.state_codes import CORRECTION, STATE_REASON
from app.clinical.subjects.states import ON_STUDY, TRANSITIONS
from app.fhir_mapping import extensions

HEAD = f"""# States of a subject

Drawn from the program (`python -m tools.prose`). A ResearchSubject may be created in any state, for a running
trial is imported as it stands. An update changes `status` along an arrow of this table, else it is refused
(422). Into {", ".join(f"`{one}`" for one in sorted(ON_STUDY))} nobody comes without a consent in force.

Two extensions of the ResearchSubject say more of the state it is in:

- `{extensions.STATE_DATE}`: `valueDate` or `valueDateTime`, the day on which the subject came into it;
- `{extensions.STATE_REASON}`: `valueCodeableConcept` or `valueString`, why. With the code `{CORRECTION}` the
  state before was entered by mistake, and the update may go an arrow back.

`$status-history` tells every state with both, and the states that may follow.
"""


def states() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_arrows(), "", *_reasons()]) + "\n"


def _arrows() -> Iterator[str]:
    yield from ("## What may follow", "", "| from | to | when |", "|---|---|---|")
    for state, arrows in TRANSITIONS.items():
        yield from (f"| `{state}` | `{to}` | {when} |" for to, when in arrows.items())
        if not arrows:
            yield f"| `{state}` | | final |"


def _reasons() -> Iterator[str]:
    yield from (
        "## Reasons",
        "",
        f"Codes of `{STATE_REASON.url}`; any other code or text is kept as sent.",
        "",
    )
    yield from ("| code | meaning | sens |", "|---|---|---|")
    yield from (f"| `{one.code}` | {one.en} | {one.fr} |" for one in STATE_REASON.concepts)
