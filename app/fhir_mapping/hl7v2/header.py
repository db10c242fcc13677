"""The MSH of a message: what it is, who sends it, and how it wants to be answered.

Source: HL7 Version 2.5.1, chapter 2, §2.15.9; tables 0003, 0076, 0103, 0104, 0211.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.fhir_mapping.hl7v2 import er7
from app.fhir_mapping.hl7v2.er7 import Segment
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.sender import Sender, Senders

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")

CHARSETS = {
    "": "utf-8",
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)},
}
"""Table 0211, as far as it is written here. Without MSH-18 the bytes must be UTF-8, or ASCII."""

_OF_HTTP = {"us-ascii": "ASCII", "utf-8": "UTF-8", "iso-8859-1": "8859/1", "iso-8859-15": "8859/15"}

UNKNOWN_TYPE, UNKNOWN_SENDER = 415, 403


@dataclass(frozen=True, slots=True)
class Header:
    """What MSH says; `segment` is it as it was sent, for the answer to echo."""

    segment: Segment

    @staticmethod
    def of(raw: bytes) -> "Header":
        """The header of a message; Refusal where it has none that can be read."""
        return Header(er7.opened(raw))

    @property
    def control_id(self) -> str:
        """MSH-10, the number the sender gave this message."""
        return self.segment[10].text

    @property
    def version(self) -> str:
        """MSH-12.1, such as 2.5.1."""
        return self.segment[12][1].text

    def sender(self, senders: Senders) -> Sender | None:
        """Whose message this is, as far as it can be told before its characters are known."""
        return called(self.segment, senders)

    def charset(self, declared: str | None = None) -> str:
        """The character set MSH-18 says, else the one HTTP does; Refusal where it is not known here."""
        said = self.segment[18].text.upper()
        if not said and declared:
            said = _OF_HTTP.get(declared.lower(), declared)
        if said not in CHARSETS:
            text = "the character set must be ASCII, UNICODE UTF-8 or one of 8859/1 to 8859/9 and 8859/15"
            raise refusal(400, "code-invalid", text, "MSH[1]-18")
        return CHARSETS[said]

    def refuse_others(self) -> None:
        """Refuse what is no production ORU^R01 of a version read here."""
        issues = tuple(self._strange())
        if issues:
            raise Refusal(UNKNOWN_TYPE, issues)
        if not self.control_id:
            raise refusal(400, "required", "MSH-10, the number of the message, is missing", "MSH[1]-10")

    def _strange(self) -> Iterator[Issue]:
        msh = self.segment
        if msh[9][1].text != "ORU":
            yield Issue("not-supported", "messages of type ORU are read here, no others", msh.at(9, 1))
        elif msh[9][2].text != "R01":
            yield Issue("not-supported", "of ORU the event R01 is read here, no others", msh.at(9, 2))
        if msh[11][1].text != "P":
            text = "messages of production (P) are taken here, none of training or debugging"
            yield Issue("not-supported", text, msh.at(11))
        if self.version not in VERSIONS:
            yield Issue("not-supported", "versions 2.3 to 2.8.2 are read here", msh.at(12))
        if msh[14].text:
            yield Issue("not-supported", "send the message whole, not in parts (MSH-14)", msh.at(14))


def called(msh: Segment, senders: Senders) -> Sender | None:
    """The registered sender that MSH-3 and MSH-4 name, as written or by the names that come first in them."""
    application, facility = msh[3], msh[4]
    whole = senders.called(application.text, facility.text)
    return whole or senders.called(application[1].text, facility[1].text)


def sender_of(msh: Segment, senders: Senders) -> Sender:
    """The registered sender of a message; Refusal where there is none."""
    sender = called(msh, senders)
    if sender is not None:
        return sender
    text = "MSH-3 and MSH-4 name no sender registered here: ask the operator to register them"
    raise refusal(UNKNOWN_SENDER, "not-found", text, "MSH[1]-3")
