"""Where a text holds a French national number of a person: the INS by its system, the NIR by its control key.

Source: trial-domain.md §3.3 (INS-NIR, INS-NIA, and their test and demonstration systems). A NIR is sex, year,
month, department, town, order and a key of two digits, which makes a chance find of 15 digits a rare one.

Not found: a NIR without its key, whose 13 digits cannot be told from other numbers, unless the identifier it
stands in says what it is; a NIR written as a number, or inside base64.
"""

import re
from html import unescape
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

_INS = re.compile(r"1\.2\.250\.1\.213\.1\.4\.(?:8|9|10|11)(?![0-9])")
_BETWEEN = r"[\s.\-/_\u00ad\u200b-\u200d\u2010-\u2013\u2060\u2212\ufeff]*"
_NIR = re.compile(
    r"([1-478])(?<![0-9A-Za-z].)(?<![0-9]\..)(?=@([0-9]{2})@(0[1-9]|1[0-2]|[2-9][0-9])@([0-9]{2}|2[ABab])"
    r"@([0-9]{3})@([0-9]{3})@([0-9]{2})(?![0-9A-Za-z]))".replace("@", _BETWEEN)
)
"""Written without blanks or with them, dots, hyphens or slashes between its parts; never within an OID."""
_CORSICA = {"2A": "19", "2B": "18"}
_KEY = 97

_KIND = (
    r"nir|nia|ins(?:-?(?:nir|nia|[ac]))?|nss|ssn?|us-ssn|s[eé]curit[eé]-sociale|social-security(?:-number)?"
)
_CODE = re.compile(_KIND, re.IGNORECASE)
_WORDS = re.compile(r"\b(?:NIR|INS|NSS)\b|s[eé]curit[eé]\s+sociale|social\s+security", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

_ENCODED = re.compile(rb"%[0-9A-Fa-f]{2}")
_INS_ROOT = b"1.2.250.1.213.1.4."
_FLAT = bytes.maketrans(b"123456789ABab", b"0" * 13)
_PASSED_OVER = b" .-/_" + bytes(range(128, 256))
_NIR_LENGTH = b"0" * 15
_OTHER_MEMBERS = ("ServiceRequest", "Device")
"""The types with an Identifier under another name than one that ends in it."""


def is_told(text: str) -> str | None:
    """Which national number a text tells or names, in words for the sender; None where it holds none."""
    if _INS.search(text):
        return "a national health identity (INS) must not be sent"
    if any(_keyed(match) for match in _NIR.finditer(text)):
        return "this reads as a social security number (NIR), which must not be sent"
    return is_told(unquote(text)) if "%" in text and unquote(text) != text else None


def is_told_in_narrative(div: str) -> str | None:
    """The same of a narrative, as a reader sees it: without tags, its entities being what they stand for."""
    return is_told(div) or is_told(unescape(_TAG.sub("", div)))


def is_told_in_address(address: bytes) -> str | None:
    """The same of what stands in an address, percent-encoded or not."""
    plain = unquote_to_bytes(address.replace(b"+", b" ")) if b"%" in address or b"+" in address else address
    return None if surely_untold(plain) else is_told(plain.decode(errors="replace"))


def is_declared(identifier: dict[str, Any]) -> bool:
    """Whether an Identifier says that it is an INS or a social security number, whatever its value."""
    kind, system = identifier.get("type"), identifier.get("system")
    if isinstance(system, str) and _CODE.fullmatch(_last_part(system)):
        return True
    if not isinstance(kind, dict):
        return False
    codings, said = kind.get("coding"), kind.get("text")
    listed = codings if isinstance(codings, list) else []
    codes = (coding.get("code") for coding in listed if isinstance(coding, dict))
    return any(isinstance(code, str) and _CODE.fullmatch(code) for code in codes) or (
        isinstance(said, str) and _WORDS.search(said) is not None
    )


def _last_part(system: str) -> str:
    """What comes last in the name of a system: `nir` of `https://hospital.example/nir`."""
    whole = system.rstrip("/")
    return whole[max(whole.rfind("/"), whole.rfind(":"), whole.rfind("#")) + 1 :]


def surely_untold(raw: bytes) -> bool:
    """Whether a glance at bytes without escapes shows that no text among them tells a national number."""
    if _INS_ROOT in raw or (b"%" in raw and _ENCODED.search(raw)):
        return False
    return (
        _NIR_LENGTH not in raw.translate(_FLAT, _PASSED_OVER) or is_told(raw.decode(errors="replace")) is None
    )


def surely_undeclared(document: dict[str, Any], raw: bytes) -> bool:
    """Whether a glance shows that no Identifier of the document declares a national number."""
    own = document.get("identifier")
    if raw.count(b'dentifier"') != (own is not None) or document.get("resourceType") in _OTHER_MEMBERS:
        return False
    if own is None:
        return True
    listed = own if isinstance(own, list) else [own]
    return not any(is_declared(one) for one in listed if isinstance(one, dict))


def _keyed(match: re.Match[str]) -> bool:
    """Whether the last two digits are the control key of the thirteen before."""
    sex, year, month, department, town, order, key = match.groups()
    number = int(sex + year + month + _CORSICA.get(department.upper(), department) + town + order)
    return _KEY - number % _KEY == int(key)
