"""Worked examples of R4's search page and of our rules: what is asked, what was sent, whether it is found.

The oracle and the server are held to the same tables. Source: https://hl7.org/fhir/R4/search.html
"""

from typing import Any, Final

FROM_15_MARCH = {"start": "2013-03-15"}
FROM_21_JANUARY = {"start": "2013-01-21"}
UP_TO_21_JANUARY = {"end": "2013-01-21"}
CODED = {"coding": [{"system": "urn:s", "code": "a"}, {"code": "b"}], "text": "c"}
NAME = {"use": "official", "family": "Müller", "given": ["Jean-Éloi"]}

DATES: Final[list[tuple[str, Any, bool]]] = [
    ("2013-01-14", "2013-01-14T00:00:00+01:00", True),
    ("2013-01-14", "2013-01-14T10:00:00+01:00", True),
    ("2013-01-14", "2013-01-15T00:00:00+01:00", False),
    ("ne2013-01-14", "2013-01-15T00:00:00+01:00", True),
    ("ne2013-01-14", "2013-01-14T00:00:00+01:00", False),
    ("lt2013-01-14T10:00", "2013-01-14", True),
    ("gt2013-01-14T10:00", "2013-01-14", True),
    ("ge2013-03-14", FROM_21_JANUARY, True),
    ("le2013-03-14", FROM_21_JANUARY, True),
    ("sa2013-03-14", FROM_15_MARCH, True),
    ("sa2013-03-14", FROM_21_JANUARY, False),
    ("sa2013-03-14", UP_TO_21_JANUARY, False),
    ("eb2013-03-14", FROM_15_MARCH, False),
    ("eb2013-03-14", FROM_21_JANUARY, False),
    ("eb2013-03-14", UP_TO_21_JANUARY, True),
    ("2013", "2013-05", True),
    ("2013-05", "2013", False),
    ("ne2013-05", "2013", True),
    ("gt2013-05", "2013", True),
    ("lt2013-05", "2013", True),
    ("2013-03-14", {"start": "2013-03-14"}, False),
    ("gt2013-03-14", {"start": "2013-03-14"}, True),
    ("lt2013-03-14", {"start": "2013-03-14"}, False),
    ("le2013-03-14", {"start": "2013-03-14"}, False),
    ("ge2013-03-14", {"end": "2013-03-14"}, False),
    ("2024-03-05T10:20+02:00", "2024-03-05T08:20:30Z", True),
    ("2024-03-05T10:20Z", "2024-03-05T10:20:30+02:00", False),
    ("2024-03-05T10:20", "2024-03-05T09:20:00Z", True),
    ("2024-07-05T10:20", "2024-07-05T08:20:59.999Z", True),
    ("2024-03-31", "2024-03-31T21:59:59Z", True),
    ("2024-03-31", "2024-03-31T22:00:00Z", False),
    ("2024-03-05T10:20:30.5Z", "2024-03-05T10:20:30.59Z", True),
    ("2013-01", {"event": ["2013-01-03", "2013-01-20"]}, True),
    ("2013-01", {"event": ["2013-01-03", "2013-02-20"]}, False),
]

NUMBERS: Final[list[tuple[str, str, bool]]] = [
    ("100", "99.5", True),
    ("100", "99.6", True),
    ("100", "100.5", False),
    ("100.0", "99.6", False),
    ("100.00", "99.995", True),
    ("100.00", "100.005", False),
    ("1e2", "95", True),
    ("1e2", "105", False),
    ("5.40e-3", "0.005395", True),
    ("5.40e-3", "0.005405", False),
    ("ne100", "100.5", True),
    ("ne100", "99.5", False),
    ("gt60", "60.0", False),
    ("gt60", "60.0000001", True),
    ("lt60.0", "59.9999999", True),
    ("ge60", "60.00", True),
    ("ge60", "59.99", False),
    ("le0.3", "0.3", True),
    ("sa5", "5", False),
    ("eb5", "4.9", True),
    ("-1", "-1.5", True),
    ("-1", "-0.5", False),
]

QUANTITIES: Final[list[tuple[str, dict[str, str], bool]]] = [
    (
        "85|http://unitsofmeasure.org|mg/dL",
        {"code": "mg/dL", "system": "http://unitsofmeasure.org"},
        True,
    ),
    ("85||mg/dL", {"unit": "mg/dL"}, True),
    ("85||mg/dL", {"unit": "milligrams", "code": "mg/dL", "system": "http://unitsofmeasure.org"}, True),
    ("85", {"unit": "whatever"}, True),
    ("lt0.9||g/L", {"unit": "mg/dL"}, True),
    ("0.85||g/L", {"code": "mg/dL", "system": "http://unitsofmeasure.org"}, True),
    (
        "850|http://unitsofmeasure.org|mg/L",
        {"code": "mg/dL", "system": "http://unitsofmeasure.org"},
        True,
    ),
    ("85||g/L", {"unit": "mg/dL"}, False),
    ("85|urn:else|mg/dL", {"code": "mg/dL", "system": "http://unitsofmeasure.org"}, False),
    ("85000||/uL", {"unit": "G/L"}, True),
    ("85||mm/h", {"unit": "mg/dL"}, False),
    ("85", {"comparator": "<"}, False),
    ("ne85", {"comparator": "<"}, True),
    ("lt10", {"comparator": "<"}, True),
    ("gt85", {"comparator": "<"}, False),
    ("gt84", {"comparator": "<"}, True),
    ("ge85", {"comparator": "<="}, True),
    ("eb85", {"comparator": "<"}, True),
    ("sa85", {"comparator": ">"}, True),
    ("sa85", {"comparator": ">="}, False),
    ("lt85", {"comparator": ">"}, False),
    ("gt1000", {"comparator": ">"}, True),
]

TOKENS: Final[list[tuple[str, Any, bool]]] = [
    ("a", CODED, True),
    ("A", CODED, False),
    ("urn:s|a", CODED, True),
    ("urn:t|a", CODED, False),
    ("|a", CODED, False),
    ("|b", CODED, True),
    ("b", CODED, True),
    ("urn:s|", CODED, True),
    ("urn:t|", CODED, False),
    ("c", CODED, False),
    ("final", "final", True),
    ("http://hl7.org/fhir/observation-status|final", "final", True),
    ("|final", "final", False),
    ("true", True, True),
    (r"a\,b\|c\$d\\e", {"value": r"a,b|c$d\e"}, True),
    (r"urn:i|a\|b", {"system": "urn:i", "value": "a|b"}, True),
    ("555", {"system": "phone", "value": "555"}, True),
]

STRINGS: Final[list[tuple[str, str, bool]]] = [
    ("müller", "", True),
    ("MULLER", "", True),
    ("mul", "", True),
    ("ller", "", False),
    ("ller", "contains", True),
    ("élo", "contains", True),
    ("muller", "exact", False),
    ("Müller", "exact", True),
    ("official", "", False),
    ("jean-é", "", True),
]
