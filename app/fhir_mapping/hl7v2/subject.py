"""Whose results a message holds: the pseudonym in PID-3, and nothing else of PID.

Names, birth date, address and every other number of the patient are never read. Decision 34.
"""

from urllib.parse import quote

from app.fhir_mapping.hl7v2.er7 import Segment, Value
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.sender import Sender

_NATIONAL = frozenset({"SS", "NI", "NH", "NNFRA", "INS", "INS-NIR", "INS-NIA", "INS-C", "PPN", "DL"})
"""Types of identifier (table 0203) that are known of the person far beyond one hospital."""


def pseudonym(pid: Segment, sender: Sender) -> str:
    """The subject's pseudonym: the number in PID-3 whose assigning authority is the sender's subject system.

    One number that names no authority is taken for it, for there is no other.
    """
    system = _subject_system(sender)
    numbers = pid.all(3)
    found = [one for one in numbers if _is_of(one, system)]
    if not found and len(numbers) == 1 and not numbers[0][4]:
        found = [one for one in numbers if one[5].text not in _NATIONAL]
    told = {one[1].text for one in found} - {""}
    if len(told) != 1:
        raise _unnamed(pid, several=bool(told))
    return told.pop()


def search(value: str, sender: Sender) -> str:
    """The conditional reference to the subject."""
    token = f"{_escaped(_subject_system(sender))}|{_escaped(value)}"
    return f"Patient?identifier={quote(token, safe='|:/')}"


def _subject_system(sender: Sender) -> str:
    if sender.subject_system is None:
        text = "this sender is registered without the system of its subjects: ask the operator to add it"
        raise refusal(403, "not-found", text, "MSH[1]-3")
    return sender.subject_system


def _is_of(one: Value, system: str) -> bool:
    """Whether the assigning authority of a number (HD: name, OID or URI) is that system."""
    name, universal = one[4][1].text, one[4][2].text
    if universal:
        return system in {universal, f"urn:oid:{universal}", f"urn:uuid:{universal.lower()}"}
    return bool(name) and (system == name or system.endswith(("/" + name, ":" + name)))


def _unnamed(pid: Segment, *, several: bool) -> Refusal:
    if several:
        text = "PID-3 holds several numbers of the system this sender's subjects are known by"
    else:
        text = "PID-3 holds no number of the system this sender's subjects are known by"
    return refusal(422, "not-found", text, pid.at(3))


def _escaped(text: str) -> str:
    """A part of a search value, in which FHIR gives these signs a meaning."""
    for sign in "\\,|$":
        text = text.replace(sign, "\\" + sign)
    return text
