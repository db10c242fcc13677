"""What may be asked of a population: every form of value, modifier, prefix, chain and _has, at random.

The values come from the population itself, as sent, cut short, moved and written otherwise, so that a
question finds some of it and passes over the rest.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.search.oracle import World
from tests.search.population import UCUM
from tests.search.standard import PARAMETERS, Parameter
from tests.search.values import PREFIXES, interval, tokens

Pair = tuple[str, str]
"""The name of a parameter, with its modifier, and the text asked for."""

EACH = 4
"""How many of the values of a parameter are asked for."""

CHAINS = {
    "Patient": {"link:Patient": "Patient"},
    "ResearchStudy": {"partof": "ResearchStudy"},
    "ResearchSubject": {"patient": "Patient", "individual": "Patient", "study": "ResearchStudy"},
    "Observation": {
        "patient": "Patient",
        "subject:Patient": "Patient",
        "performer:Patient": "Patient",
        "focus:Patient": "Patient",
        "has-member:Observation": "Observation",
        "derived-from:Observation": "Observation",
        "part-of:MedicationAdministration": "MedicationAdministration",
        "study": "ResearchStudy",
    },
    "AdverseEvent": {
        "patient": "Patient",
        "recorder:Patient": "Patient",
        "resultingcondition": "Condition",
        "study": "ResearchStudy",
        "substance:MedicationAdministration": "MedicationAdministration",
    },
    "MedicationAdministration": {
        "patient": "Patient",
        "performer:Patient": "Patient",
        "study": "ResearchStudy",
    },
    "MedicationStatement": {
        "patient": "Patient",
        "source:Patient": "Patient",
        "part-of:MedicationAdministration": "MedicationAdministration",
        "study": "ResearchStudy",
    },
    "Condition": {
        "patient": "Patient",
        "asserter:Patient": "Patient",
        "evidence-detail:Observation": "Observation",
    },
    "Procedure": {
        "patient": "Patient",
        "performer:Patient": "Patient",
        "part-of:Procedure": "Procedure",
        "reason-reference:Condition": "Condition",
        "study": "ResearchStudy",
    },
    "Consent": {
        "patient": "Patient",
        "consentor:Patient": "Patient",
        "source-reference:Consent": "Consent",
        "study": "ResearchStudy",
    },
}
"""The references one can look beyond, and what lies there."""


def about(world: World, kind: str, name: str, chance: Random) -> list[Pair]:
    """Questions about one parameter, in every form a value of its kind has."""
    parameter = PARAMETERS[kind][name]
    said = [element for one in world.of(kind) for element in world.present(one, parameter)]
    some = chance.sample(said, min(EACH, len(said)))
    asked = [
        (f"{name}{modifier}", text)
        for modifier, text in _FORMS[parameter.kind](some, parameter, world, chance)
    ]
    if can_be_missing(parameter):
        asked += [(f"{name}:missing", "true"), (f"{name}:missing", "false")]
    chance.shuffle(plain := [one for one in asked if one[0] == name])
    return list(dict.fromkeys([*asked, (name, ",".join(text for _, text in plain[:3]))]))


def can_be_missing(parameter: Parameter) -> bool:
    """Whether anybody can say: not of a composite, nor of a patient an address may or may not lead to."""
    return parameter.kind != "composite" and not parameter.target


def escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in text)


def beyond(kind: str) -> Iterator[tuple[str, str]]:
    """The ways to ask about another resource: what stands before the question, and whose question it is."""
    for link, other in CHAINS[kind].items():
        yield f"{link}.", other
    for other, links in CHAINS.items():
        for link, target in links.items():
            if target == kind:
                yield f"_has:{other}:{link.partition(':')[0]}:", other


# ---- The forms of a value, by kind of parameter: (modifier, text) ------------------------------------

Forms = Iterator[tuple[str, str]]


def _token(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del world, chance
    for system, code in {pair: None for element in said for pair in tokens(element, parameter.system)}:
        if code:
            yield "", escaped(code)
            yield "", escaped(code.swapcase())
            yield "", f"urn:none|{escaped(code)}"
            yield ":not", escaped(code)
        if system:
            yield "", f"{escaped(system)}|{escaped(code)}"
            yield "", f"{escaped(system)}|"
            yield ":not", f"{escaped(system)}|{escaped(code)}"
            yield "", f"|{escaped(code)}" if code else "none"
        elif code and any(isinstance(element, dict) and "coding" in element for element in said):
            yield "", f"|{escaped(code)}"
    yield "", "none"
    yield ":not", "none,nothing"


def _string(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del parameter, world
    for element in said:
        texts = [text for text in _texts(element) if len(text) > 2]
        for text in chance.sample(texts, min(2, len(texts))):
            yield "", escaped(text)
            yield "", escaped(text[:3])
            yield "", escaped(text.swapcase())
            yield "", escaped(text[1:])
            yield ":exact", escaped(text)
            yield ":exact", escaped(text.swapcase())
            yield ":exact", escaped(text[:-1])
            yield ":contains", escaped(text[1:-1])
            yield ":contains", escaped(text[1:].upper())
    yield "", "zzz"


def _texts(element: Any) -> list[str]:
    """The texts within a name or an address."""
    if isinstance(element, str):
        return [element]
    inner = element if isinstance(element, list) else [one for name, one in element.items() if name != "use"]
    return [text for one in inner for text in _texts(one)]


def _reference(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    for element in said:
        address = world.address(element)
        if not isinstance(element, str) and "identifier" in element and not parameter.target:
            for form, text in _token([element["identifier"]], parameter, world, chance):
                yield ":identifier" if not form else "", text if not form else "none"
        if ":" in address:
            yield "", escaped(address)
        elif "/" in address:
            kind, _, name = address.partition("/")
            yield "", name
            yield "", f"{name}0"
            yield "", address
            yield "", f"{world.base}/{address}"
            yield f":{kind}", name
    yield "", "none"


def _uri(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del parameter, world, chance
    for text in said:
        yield "", escaped(text)
        yield "", escaped(text[:-1])


def _date(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del parameter, world
    for element in said:
        for text in _dates(element):
            for one in {text, *_moved(text)}:
                prefix = chance.choice(("", *PREFIXES))
                yield "", prefix + one


def _dates(element: Any) -> list[str]:
    """The dates within a date, a Period or a Timing."""
    if isinstance(element, str):
        return [element]
    return [text for one in element.values() for text in (one if isinstance(one, list) else [one])]


def _moved(text: str) -> list[str]:
    """The same date cut short and written in other offsets, and those beside it."""
    low, high = interval(text)
    around = [low - timedelta(seconds=1), low, low + timedelta(hours=2), high - timedelta(minutes=1), high]
    moved = [one.strftime("%Y-%m-%dT%H:%M:%SZ") for one in around]
    moved += [one.strftime("%Y-%m-%dT%H:%M+00:00") for one in around]
    moved += [one.strftime("%Y-%m-%d") for one in (low, low + timedelta(hours=3), high)]
    return [*moved, text[:4], text[:7], text[:10], *([text[:10] + "T12:00"] if text[8:] else [])]


def _number(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del parameter, world, chance
    for value in said:
        for prefix in ("", *PREFIXES):
            yield "", f"{prefix}{value}"
        yield "", f"{value}.0"
        yield "", f"{value}.4"


UNITS = {
    "g/L": ("mg/dL", "0.01 "),
    "mg/dL": ("g/L", "100"),
    "mg/L": ("g/L", "1000"),
    "10*9/L": ("/uL", "0.001"),
    "/uL": ("10*9/L", "1000"),
}


def _quantity(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    del parameter, world
    for element in (one for one in said if "value" in one):
        number = format(Decimal(element["value"]), "f")
        for text in {
            number,
            f"{number}.0" if "." not in number else number + "0",
            number.rstrip("05.") or "0",
        }:
            prefix = chance.choice(("", *PREFIXES))
            yield "", f"{prefix}{text}{chance.choice(_units(element))}"
            yield "", f"{chance.choice(PREFIXES)}{text}{chance.choice(_units(element))}"
    for text in _OF_LABORATORIES:
        yield "", chance.choice(("", *PREFIXES)) + text


_OF_LABORATORIES = (
    "0.85||g/L",
    "0.9||g/L",
    "85||mg/dL",
    f"850|{UCUM}|mg/L",
    f"20.00|{UCUM}|mg/dL",
    "0.21||g/L",
    "150||10*9/L",
    f"150000|{UCUM}|/uL",
    "12.5||mm/h",
    f"12|{UCUM}|mm/h",
    "1e2||mm",
    "99.9999",
    "0.3||g/L",
)
"""The same amounts in other units than they were sent in, worked out by hand."""


def _units(element: Any) -> list[str]:
    """The ways to name the unit of a quantity, none of them among them."""
    unit, system, code = element.get("unit"), element.get("system"), element.get("code")
    ways = ["", f"||{escaped(code or unit)}"]
    if code:
        ways += [f"|{escaped(system)}|{escaped(code)}", f"|urn:none|{escaped(code)}"]
    if unit != "G/L":  # giga per litre is no unit of its own: what it means depends on what is measured
        ways.append(f"||{escaped(unit)}")
    return ways


def _composite(said: list[Any], parameter: Parameter, world: World, chance: Random) -> Forms:
    codes, values = [code for code, _ in said], [value for _, value in said]
    inner: dict[str, Callable[..., Forms]] = {
        "valueQuantity": _quantity,
        "valueString": _string,
        "valueDateTime": _date,
        "valueCodeableConcept": _token,
    }
    of_value = inner[parameter.paths[0].partition("+")[2]]
    firsts = [text for form, text in _token(codes, Parameter("token", ()), world, chance) if not form]
    seconds = [text for form, text in of_value(values, Parameter("", ()), world, chance) if not form]
    for second in seconds:
        yield "", f"{chance.choice(firsts)}${second}"
    for code, value in said:
        one = [text for form, text in _token([code], Parameter("token", ()), world, chance) if not form]
        two = [text for form, text in of_value([value], Parameter("", ()), world, chance) if not form]
        for _ in range(3):
            yield "", f"{chance.choice(one)}${chance.choice(two)}"


_FORMS: dict[str, Callable[[list[Any], Parameter, World, Random], Forms]] = {
    "token": _token,
    "string": _string,
    "reference": _reference,
    "uri": _uri,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "composite": _composite,
}
