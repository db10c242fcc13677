"""ER7, the text of an HL7 v2 message: segments of fields of components, divided by what MSH-1 and MSH-2 say.

A reader of our own: the one library there is splits much the same, but writes what it cannot unescape into
the log, where it may name a patient, and knows nothing of character sets.
Source: HL7 Version 2.5.1, chapter 2, §2.5 to §2.7.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.primitives import PATTERNS

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_BLANK = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], " ")
"""Control characters, which no FHIR text may hold."""
_FORMATTING = re.compile(r"\.(?:br|sp|ce)[+-]?[0-9]*|\.(?:fi|nf|in|ti)[+-]?[0-9]*|[HNP]")
_NULL = '""'
MOST_SEGMENTS = 50_000


@dataclass(frozen=True)
class Encoding:
    """How a message is written: its five delimiters, a sixth for what was cut off, and its character set."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = "utf-8"

    @cached_property
    def _meant(self) -> dict[str, str]:
        """What the letter of an escape stands for."""
        return {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
        }

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        sign = re.escape(self.escape)
        known = rf"[FSTRE]|X(?:[0-9A-Fa-f]{{2}})+|{_FORMATTING.pattern}"
        return re.compile(f"{sign}({known}){sign}")

    def unescape(self, written: str) -> str:
        r"""The text as it is meant; an escape that says nothing known (`\Z..\`, `\C..\`) stays as written."""
        if self.escape not in written:
            return written
        return self._escaped.sub(self._one, written)

    def _one(self, match: re.Match[str]) -> str:
        said = match[1]
        if said in self._meant:
            return self._meant[said]
        if said.startswith("X"):
            try:
                return bytes.fromhex(said[1:]).decode(self.charset)
            except UnicodeDecodeError:
                return match[0]
        return "\n" if said.startswith((".br", ".sp", ".ce")) else ""

    def write(self, text: str) -> str:
        """The text as it is written in a field: its delimiters escaped, its line breaks as `.br`."""
        marks = {self.escape: "E", **{mark: letter for letter, mark in self._meant.items()}}
        table = {ord(mark): f"{self.escape}{letter}{self.escape}" for mark, letter in marks.items()}
        return text.translate({**table, ord("\n"): f"{self.escape}.br{self.escape}", ord("\r"): ""})


@dataclass(frozen=True, slots=True)
class Value:
    """A field, a component or a subcomponent, as written."""

    written: str
    encoding: Encoding
    _inner: str = "component"

    def __getitem__(self, number: int) -> "Value":
        """The component of that number from 1; of a component the subcomponent. Empty where there is none."""
        if self._inner == "":
            return self if number == 1 else Value("", self.encoding, "")
        parts = self.written.split(getattr(self.encoding, self._inner))
        inner = "subcomponent" if self._inner == "component" else ""
        return Value(parts[number - 1] if number <= len(parts) else "", self.encoding, inner)

    @property
    def text(self) -> str:
        """What it says, without blanks around it; `""`, which says that there is nothing, is nothing."""
        if self.written == _NULL:
            return ""
        return self.encoding.unescape(self.written).translate(_BLANK).strip()

    def with_first_two_joined(self) -> "Value":
        """The same with its first two components as one, the sign between them a part of the text."""
        mark, sign = self.encoding.component, self.encoding.escape
        return Value(self.written.replace(mark, f"{sign}S{sign}", 1), self.encoding, self._inner)

    @property
    def code(self) -> str:
        """What it says as a code of FHIR: blanks within it are single."""
        return " ".join(self.text.split())

    @property
    def name(self) -> str:
        """The name in it: that of the first subcomponent, where it is an authority."""
        return self[1].text

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message; `number` counts those of its name from 1."""

    name: str
    number: int
    fields: Sequence[str]
    encoding: Encoding = field(repr=False)

    def written(self, number: int) -> str:
        """A field as written."""
        return self.fields[number] if number < len(self.fields) else ""

    def all(self, number: int) -> list[Value]:
        """The repetitions of a field that say something."""
        parts = self.written(number).split(self.encoding.repetition)
        return [value for part in parts if (value := Value(part, self.encoding))]

    def __getitem__(self, number: int) -> Value:
        """A field, its first repetition."""
        return Value(self.written(number).split(self.encoding.repetition)[0], self.encoding)

    def at(self, number: int, component: int | None = None) -> str:
        """The place of a field, such as `OBX[2]-11`."""
        return f"{self.name}[{self.number}]-{number}" + (f".{component}" if component else "")


def opened(raw: bytes) -> Segment:
    """The MSH of a message, before its character set is known; Refusal where it does not begin with one.

    Its text is of Latin-1, so that it can be written back byte by byte.
    """
    first = re.split(rb"[\r\n]", raw.lstrip(b"\r\n"), maxsplit=1)[0].decode("latin-1")
    if not first.startswith("MSH") or len(first) < len("MSH|^~\\&|"):
        text = "an HL7 v2 message in ER7 begins with MSH|^~\\&|: this does not"
        raise refusal(400, "structure", text, "MSH[1]")
    return _segment(first, {}, _encoding(first, "latin-1"))


def parsed(raw: bytes, charset: str) -> list[Segment]:
    """The segments of a message in that character set; Refusal naming the lines that are none."""
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError:
        said = f"the message is not all {charset}: say in MSH-18 which character set it is in"
        raise refusal(400, "value", said, "MSH[1]-18") from None
    lines = [line for line in _lines(text) if line.strip()]
    if len(lines) > MOST_SEGMENTS:
        raise refusal(413, "too-costly", f"a message may have {MOST_SEGMENTS} segments here", "MSH[1]")
    encoding = _encoding(lines[0], charset)
    counted: dict[str, int] = {}
    strangers = [number for number, line in enumerate(lines, 1) if not _is_segment(line, encoding)]
    if strangers:
        raise Refusal(400, tuple(_stranger(number) for number in strangers[:20]))
    return [_segment(line, counted, encoding) for line in lines]


def _lines(text: str) -> list[str]:
    """Segments end with CR; where there is none, with LF. An LF among CRs is a line of its text."""
    text = text.strip("\r\n")
    if "\r" not in text:
        return text.split("\n")
    return [line.removeprefix("\n") for line in text.split("\r")]


def _is_segment(line: str, encoding: Encoding) -> bool:
    return _NAME.match(line) is not None and line[3:4] in {"", encoding.field}


def _stranger(number: int) -> Issue:
    text = f"line {number} is no segment: a line break within a text is written \\.br\\"
    return Issue("structure", text, "MSH[1]")


def _encoding(line: str, charset: str) -> Encoding:
    """The delimiters MSH-1 and MSH-2 say: five different signs, or six."""
    divider = line[3]
    signs = line[4:].split(divider, 1)[0]
    apart = set(divider + signs[:4])
    if len(signs) not in {4, 5} or len(apart) != 5 or any(not _is_sign(one) for one in apart):  # noqa: PLR2004
        text = "MSH-1 and MSH-2 must say five different signs, such as |^~\\&"
        raise refusal(400, "structure", text, "MSH[1]-2")
    return Encoding(divider, signs[0], signs[1], signs[2], signs[3], charset)


def _is_sign(one: str) -> bool:
    return one.isascii() and one.isprintable() and not one.isalnum() and one not in '" '


def _segment(line: str, counted: dict[str, int], encoding: Encoding) -> Segment:
    """A line as a segment; the fields of MSH are counted from the divider itself."""
    name, *fields = line.split(encoding.field)
    counted[name] = number = counted.get(name, 0) + 1
    header = [encoding.field] if name == "MSH" else []
    return Segment(name, number, [name, *header, *fields], encoding)


def is_text(text: str) -> bool:
    """Whether FHIR takes this as a string."""
    return PATTERNS["string"].fullmatch(text) is not None
