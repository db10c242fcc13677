r"""What each primitive type may look like, as patterns both the gate and the explaining walk use.

After https://hl7.org/fhir/R4/datatypes.html, except that days which no calendar has are refused. The
patterns are written so that two regular-expression engines read them alike: no `\d`, `\s` or `\w`.
"""

import re
from decimal import Decimal
from typing import Any

_SPACES = " \t\n\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f"
SOLID = f"[^{_CONTROLS}{_SPACES}]"

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY_OF_YEAR = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DAY = f"(?:{_YEAR}-{_DAY_OF_YEAR}|{_LEAP_YEAR}-02-29)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+\-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

ID = r"[A-Za-z0-9\-.]{1,64}"
UUID = "urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
OID = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"

TEXTS = {
    "string": f"[^{_CONTROLS}]+",
    "markdown": f"[^{_CONTROLS}]+",
    "xhtml": f"[^{_CONTROLS}]+",
    "uri": f"{SOLID}+",
    "url": f"{SOLID}+",
    "canonical": f"{SOLID}+",
    "code": f"{SOLID}+(?:[{_SPACES}]{SOLID}+)*",
    "id": ID,
    "oid": OID,
    "uuid": UUID,
    "date": f"(?:{_DAY}|{_YEAR}(?:-{_MONTH})?)",
    "dateTime": f"(?:{_DAY}(?:T{_TIME}{_ZONE})?|{_YEAR}(?:-{_MONTH})?)",
    "instant": f"{_DAY}T{_TIME}{_ZONE}",
    "time": _TIME,
    "base64Binary": "(?:[ \t\n\r]*[0-9A-Za-z+/=]){4}(?:(?:[ \t\n\r]*[0-9A-Za-z+/=]){4})*[ \t\n\r]*",
}
"""The pattern the whole text must match."""

EXPECTED = {
    "string": "a text of at least one character, without control characters",
    "markdown": "a text of at least one character, without control characters",
    "xhtml": "an XHTML <div> as one text",
    "uri": "a URI without blanks",
    "url": "a URL without blanks",
    "canonical": "a canonical URL without blanks",
    "code": "a code: a text without leading, trailing or doubled blanks",
    "id": "1 to 64 letters, digits, '-' or '.'",
    "oid": "an OID such as urn:oid:1.2.3",
    "uuid": "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "date": "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "a date that exists, YYYY, YYYY-MM or YYYY-MM-DD, or with seconds and zone: "
    "YYYY-MM-DDThh:mm:ss+02:00",
    "instant": "a moment with seconds and zone: YYYY-MM-DDThh:mm:ss.sss+02:00",
    "time": "a time of day: hh:mm:ss",
    "base64Binary": "base64 text",
    "boolean": "true or false, without quotation marks",
    "decimal": "a number, without quotation marks",
    "integer": "a whole number without decimal point, between -2147483648 and 2147483647",
    "unsignedInt": "a whole number without decimal point, between 0 and 2147483647",
    "positiveInt": "a whole number without decimal point, between 1 and 2147483647",
}
"""What a primitive should be, in words."""

INTEGERS = {"integer": (-(2**31), 2**31 - 1), "unsignedInt": (0, 2**31 - 1), "positiveInt": (1, 2**31 - 1)}
"""The bounds of the whole-number types, both inclusive."""

PATTERNS = {name: re.compile(pattern) for name, pattern in TEXTS.items()}


def is_shaped(kind: str, value: Any) -> bool:
    """Whether a value is of the JSON type, and the pattern, of its primitive."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "decimal":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return isinstance(value, str) and PATTERNS[kind].fullmatch(value) is not None
