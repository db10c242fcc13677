"""What those who run the server ask of what hospitals push: each message's fate, sums, and what waits."""

from typing import Final

from app.fhir_mapping.operation import Operation, OperationParameter
from app.fhir_mapping.trial_parameters import VIEW

FATES: Final = ("stored", "replayed", "parked", "refused")
KINDS: Final = ("code", "unit")
MOST_DAYS: Final = 31
"""The longest time that is reconciled at once."""
MOST_LETTERS: Final = 1000
"""So many parked messages are tried again by one request."""

_SENDER: Final = OperationParameter(
    name="sender", kind="code", about="The registered sender; all of them where none is named."
)
_REASON: Final = OperationParameter(
    name="reason",
    kind="code",
    about="Only what has this reason, such as unknown-subject, unknown-reference, consent-withdrawn,"
    " locked, unmapped-code, unmapped-unit or late.",
)

INBOX: Final = Operation(
    name="$inbox",
    resources=(),
    levels=("system",),
    rests_on=("Observation",),
    title="What became of each message",
    about="Every resource a registered sender pushed, newest first: when and by which door it came, which"
    " result it is, and what became of it: stored, replayed (it was there already), parked (it waits), or"
    " refused, and why. Follow the parameter `next` for more.",
    parameters=(
        _SENDER,
        OperationParameter(name="fate", kind="code", about="Only what came to this.", values=FATES),
        _REASON,
        OperationParameter(
            name="waiting",
            kind="boolean",
            about="true: only what still waits; false: only what waits for nothing.",
        ),
        OperationParameter(
            name="since", kind="dateTime", about="Only what was received at this instant or later."
        ),
        OperationParameter(
            name="until",
            kind="dateTime",
            about="Only what was received before this instant; of a day, until its end.",
        ),
        OperationParameter(
            name="message",
            kind="string",
            about="Only what came in the message of this number: MSH-10, the"
            " X-Correlation-Id of the request, or else the X-Request-Id of the answer.",
        ),
        OperationParameter(
            name="identifier", kind="string", about="Only the result of this number, as system|value."
        ),
        OperationParameter(name="patient", kind="string", about="Only what is about Patient/id."),
        OperationParameter(
            name="resource", kind="string", about="Only what is stored as this resource, as Type/id."
        ),
        OperationParameter(
            name="id",
            kind="string",
            about="Only this row, or all of this letter: what the header X-Inbox-Id of an answer said.",
        ),
        OperationParameter(name="_count", kind="integer", about="At most so many on a page."),
        OperationParameter(
            name="_after", kind="string", about="Where the page goes on: taken unchanged from a `next`."
        ),
        VIEW,
    ),
    answer="One parameter `message` per resource that arrived, and `next`, the address of the next page.",
    example="fate=parked",
)
RECONCILIATION: Final = Operation(
    name="$reconciliation",
    resources=(),
    levels=("system",),
    rests_on=("Observation",),
    title="What a sender sent, and what became of it, day by day",
    about="For each sender and day (in the sender's own time zone) how many resources it sent and how many"
    " of these were stored, replayed, parked and refused; the four always add up to what was sent. Beside"
    " them what of the parked still waits, what went to the history because it came late, what corrected an"
    " earlier version, and the refused by reason. Yesterday and today where no day is named.",
    parameters=(
        _SENDER,
        OperationParameter(name="day", kind="date", about="This day alone."),
        OperationParameter(name="from", kind="date", about="The first day."),
        OperationParameter(
            name="to", kind="date", about=f"The last day, at most {MOST_DAYS} days after the first."
        ),
        VIEW,
    ),
    answer="One parameter `day` per sender and day.",
)
SENDERS: Final = Operation(
    name="$senders",
    resources=(),
    levels=("system",),
    rests_on=("Observation",),
    title="Who pushes, and who has fallen silent",
    about="The registered senders: what is their own, when each was last heard of, whether it is silent for"
    " longer than was agreed, how much of its results waits, and what was refused lately, by reason: one"
    " line per sender and reason is what an alert is raised on.",
    parameters=(
        _SENDER,
        OperationParameter(
            name="since",
            kind="dateTime",
            about="What was refused since this instant is counted; the last 24 hours where none is named.",
        ),
        VIEW,
    ),
    answer="One parameter `sender` for each.",
)
UNMAPPED: Final = Operation(
    name="$unmapped",
    resources=(),
    levels=("system",),
    rests_on=("Observation",),
    title="Codes and units no map knows",
    about="The local codes and the spellings of units that no ConceptMap knows, with how many results wait"
    " for each and of how many patients: the most awaited first. The results are stored, and used as soon as"
    " a ConceptMap names what they wait for; nobody has to send anything again.",
    parameters=(
        _SENDER,
        OperationParameter(name="kind", kind="code", about="Codes or units only.", values=KINDS),
        OperationParameter(name="_count", kind="integer", about="At most so many."),
        VIEW,
    ),
    answer="One parameter `unmapped` for each code or unit.",
    example="kind=code",
)
REPLAY: Final = Operation(
    name="$replay",
    resources=(),
    levels=("system",),
    methods=("POST",),
    acts=True,
    title="Try again what is parked",
    about="Takes parked messages through the door again, as if they arrived now: those of a reason, of a"
    " sender, or those named; at least one of these is said. What can be stored is; the rest stays parked."
    f" At most {MOST_LETTERS} are tried by one request; where `left` is not 0, ask again with"
    " the `after` of the answer."
    " The server does so by itself as soon as what they wait for is there.",
    parameters=(
        OperationParameter(name="reason", kind="code", about="What is parked for this reason."),
        _SENDER,
        OperationParameter(
            name="id", kind="string", about="The `letter` of a message, as `$inbox` says it.", repeats=True
        ),
        OperationParameter(
            name="after",
            kind="string",
            about="Only those after this `letter`: the `after` of the last answer.",
        ),
        VIEW,
    ),
    answer="How many messages were tried, how many of these are stored, stay parked and were refused, how"
    " many were `left` for the next request; then each `message` with its fate.",
    example="reason=unknown-subject",
)
INBOX_OPERATIONS: Final = (INBOX, RECONCILIATION, SENDERS, UNMAPPED, REPLAY)
