"""A protocol file that says who may enter: what it may not get wrong, and the codes it names."""

import copy
import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.clinical.codes import SCORE, STOP_REASON
from app.clinical.scores.form_codes import LUNG
from app.protocol import criteria, measured, parts, questions
from app.protocol.definition import Protocol
from app.protocol.loader import LIBRARY, ProtocolError, load_all, read

FILES = sorted(LIBRARY.glob("*.toml"))


def raw() -> dict[str, Any]:
    return tomllib.loads((LIBRARY / "msc-sle.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def complaint(changed: dict[str, Any]) -> str:
    with pytest.raises(ProtocolError) as refused:
        read(changed, name="msc-sle.toml")
    return str(refused.value)


def with_part(**part: Any) -> dict[str, Any]:
    """A protocol of one criterion."""
    text = {"en": "Something.", "fr": "Quelque chose."}
    changed = raw() | {"inclusion": [{"id": "I1", "text": text, **part}], "exclusion": [], "choices": []}
    changed.pop("failure", None)  # it reads attestations, too
    return changed | {"attestations": {}, "eligibility_example": [], "drugs": []}


def test_the_lupus_trial_has_nine_inclusion_and_twelve_exclusion_criteria() -> None:
    protocol = load_all()["MSC-SLE"]

    assert [one.id for one in protocol.inclusion] == [f"I{n}" for n in range(1, 10)]
    assert [one.id for one in protocol.exclusion] == [f"E{n}" for n in range(1, 13)]


@pytest.mark.parametrize(
    "name",
    [
        *("I4a", "I4b", *(f"I4b-{n}" for n in ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii"))),
        *("E2a", "E2b", "E2c", "E2d", "E2e"),
        *("E4-neutrophils", "E4-platelets", "E4-haemoglobin", "E4-cd4"),
        *("E5-infection", "E5-hiv", "E5-htlv", "E5-hbv", "E5-hcv"),
        *("E6-belimumab", "E6-bcell"),
    ],
)
def test_every_sub_item_has_its_own_sentence(name: str) -> None:
    [part] = [one for one in load_all()["MSC-SLE"].every_part if one.id == name]

    assert part.text.en.endswith(".")
    assert part.text.fr.endswith(".")


def test_every_choice_of_the_conventions_is_open() -> None:
    assert {choice.name for choice in load_all()["MSC-SLE"].choices} == {
        *(
            "age.min_inclusive",
            "age.max_inclusive",
            "ana.min_titer",
            "i3.op",
            "i4.failure_per",
            "i4.op_strict",
        ),
        *(
            "i4a.min_mg",
            "i4a.consecutive",
            "vi.two_dose",
            "vii.upper_strict",
            "viii.sc",
            "i5.nsaid",
            "i5.tol_mg",
        ),
        *(
            "wocbp.max_age",
            "crcl.formula",
            "e2c.def",
            "e4.cause_scope",
            "e5.hcv",
            "e6.belimumab_days",
            "e6.bcell_days",
        ),
    }


def test_every_choice_of_the_sclerosis_trial_is_open() -> None:
    protocol = load_all()["MSC-SSc"]
    named = {name for part in protocol.every_part for name in part.choices}

    assert {choice.name for choice in protocol.choices} == {
        *("age.min_inclusive", "age.max_inclusive", "ssc.mrss_op", "ri3.cyc_days", "ri3a.ild"),
        *("ri3a.direction", "ssc.crcl_unit", "re2d.op", "wocbp.max_age", "donor.age_inclusive"),
    }
    assert named == {choice.name for choice in protocol.choices} | {"ssc.change"}


def test_the_criteria_of_a_population_are_those_of_its_arm() -> None:
    protocol = load_all()["MSC-SSc"]
    [donors] = protocol.populations

    assert protocol.rules_for("donor") is protocol.population("donor") is donors
    assert protocol.rules_for("cohort-1e6") is protocol.rules_for(None) is protocol
    assert {part.id for part in donors.own_parts} < {part.id for part in protocol.every_part}
    assert load_all()["MSC-SLE"].population("donor") is None


def donated() -> dict[str, Any]:
    """A lupus trial with donors, who must agree."""
    text = {"en": "The donor agrees.", "fr": "Le donneur accepte."}
    agrees = {"id": "D1", "text": text, "kind": "attested", "attestation": "consent-signed"}
    return raw() | {"populations": [{"name": "donor", "title": text, "inclusion": [agrees]}]}


def test_any_trial_may_have_populations() -> None:
    protocol = read(donated(), name="x")

    assert [part.id for part in protocol.rules_for("donor").inclusion] == ["D1"]


def test_a_population_may_not_use_an_id_or_a_fact_that_is_not_its_own() -> None:
    twice, strange = donated(), donated()
    twice["populations"][0]["inclusion"][0]["id"] = "I1"
    strange["populations"][0]["inclusion"][0]["attestation"] = "agreed"

    assert "two criteria have the id I1" in complaint(twice)
    assert "D1 names agreed, which this file does not declare" in complaint(strange)


def test_a_parameter_that_is_set_may_be_named_by_a_criterion() -> None:
    changed = donated()
    age = {"kind": "age-between", "min_years": 18, "min_inclusive": True, "max_inclusive": True}
    text = {"en": "Age.", "fr": "Âge."}
    changed["populations"][0]["inclusion"].append(
        {"id": "D2", "text": text, "max_years": "$sledai.lookback_days", **age}
    )
    part = read(changed, name="x").rules_for("donor").inclusion[1]

    assert part.choices == {"sledai.lookback_days": "10"}
    changed["populations"][0]["inclusion"][1]["max_years"] = "$sledai.unknown"
    assert "depends on the choice sledai.unknown" in complaint(changed)


TIMES = {"value": None, "unit": None, "times_upper_limit": 2}


@pytest.mark.parametrize(
    ("said", "complaint_made"),
    [
        ({"kind": "repeated", "hours_apart": 12, "days_apart": 1}, "give either hours_apart or days_apart"),
        ({"kind": "repeated"}, "give either hours_apart or days_apart"),
        ({"kind": "measured", "times_upper_limit": 2}, "give either value or times_upper_limit"),
        ({"kind": "measured", "reported": {"kPa": 8}, **TIMES}, "only a value can be reported"),
    ],
)
def test_a_threshold_that_contradicts_itself_is_refused(said: dict[str, Any], complaint_made: str) -> None:
    part = {"codes": ["loinc:1742-6"], "op": ">", "value": 3, "unit": "U/L", "order": "ALT", **said}

    assert complaint_made in complaint(
        with_part(**{name: value for name, value in part.items() if value is not None})
    )


def test_an_earlier_value_must_be_earlier() -> None:
    part = {"kind": "changed", "codes": ["loinc:19872-1"], "unit": "%", "by": "relative", "order": "FVC"}
    window = {"direction": "fall", "more_than": 10, "within_days": 90, "from_days": 100, "to_days": 183}

    assert "from_days must lie before to_days" in complaint(with_part(**part, **window))


@pytest.mark.parametrize("key", ["MSC-SLE", "MSC-SSc"])
def test_what_is_ordered_is_what_is_read(key: str) -> None:
    for part in load_all()[key].every_part:
        if isinstance(part, measured.Measured | questions.Tested):
            codes = (
                part.codes if isinstance(part, measured.Measured) else [assay.code for assay in part.assays]
            )
            [ordered] = re.findall(r"\(LOINC ([\d-]+)\)", part.order)
            assert ordered in {code.code for code in codes}, part.id


# ----------------------------------------------------------------------------------- what it may not say


def test_a_choice_must_be_declared() -> None:
    changed = raw()
    changed["inclusion"][2]["op"] = "$i3.opp"

    assert "a criterion depends on the choice i3.opp, which this file does not declare" in complaint(changed)


def test_a_choice_must_be_used() -> None:
    changed = raw()
    changed["choices"].append({"name": "i3.sustained", "value": "none", "because": "silent"})

    assert "no criterion depends on the choice i3.sustained" in complaint(changed)


def test_a_choice_must_have_one_of_its_values() -> None:
    changed = raw()
    [choice] = [one for one in changed["choices"] if one["name"] == "i3.op"]
    choice["value"] = "="

    assert "i3.op is =, but may only be >=, >" in complaint(changed)


def test_a_choice_without_a_value_is_refused_as_such() -> None:
    changed = raw()
    del changed["choices"][0]["value"]

    assert "value is missing" in complaint(changed)


def test_two_parts_may_not_share_an_id() -> None:
    changed = raw()
    changed["inclusion"][1]["parts"][0]["id"] = "E12"

    assert "two criteria have the id E12" in complaint(changed)


def test_an_attestation_must_be_declared_and_read() -> None:
    strange, unread = raw(), raw()
    strange["inclusion"][8]["attestation"] = "insured"
    unread["attestations"]["left-handed"] = {"en": "Left-handed.", "fr": "Gaucher."}

    assert "I9 names insured, which this file does not declare" in complaint(strange)
    assert "no criterion reads the attestation left-handed" in complaint(unread)


def test_a_drug_must_be_declared() -> None:
    changed = raw()
    changed["drugs"] = [drug for drug in changed["drugs"] if drug["name"] != "leflunomide"]

    assert "I4b-v names leflunomide, which this file does not declare" in complaint(changed)


def test_a_code_must_name_its_system() -> None:
    changed = raw()
    changed["drugs"][0]["codes"] = ["H02AB07"]

    assert "code 'H02AB07' does not begin with one of loinc:, snomed:, atc:, rxnorm:" in complaint(changed)


def test_a_code_may_be_written_in_full() -> None:
    changed = raw()
    changed["drugs"][0]["codes"] = [{"system": "urn:ours", "code": "P"}]

    assert read(changed, name="x").drugs[0].codes[0].system == "urn:ours"


def test_a_reading_must_exist() -> None:
    changed = raw()
    [choice] = [one for one in changed["choices"] if one["name"] == "e5.hcv"]
    choice |= {"value": "both", "among": []}

    assert "there is no reading 'both', only pcr_positive, antibody" in complaint(changed)


def test_a_doses_per_kg_needs_a_weight() -> None:
    changed = raw()
    changed["body"]["weight"] = []

    assert "I4b-iii needs the body weight, but [body] names no code for it" in complaint(changed)


@pytest.mark.parametrize("formula", ["cockcroft_gault", "ckdepi2021"])
def test_only_the_formula_with_the_weight_needs_a_weight(formula: str) -> None:
    clearance: dict[str, Any] = {"kind": "creatinine-clearance", "creatinine": ["loinc:14682-9"], "op": "<"}
    reported = {formula: ["loinc:2164-2"]}
    changed = with_part(**clearance, formula=formula, value=30, within_days=30, reported=reported)

    if formula == "ckdepi2021":
        assert read(changed | {"body": {}}, name="x").body.weight == ()
    else:
        assert "I1 needs the body weight" in complaint(changed | {"body": {}})
    assert f"no code for the clearance by {formula}" in complaint(
        with_part(**clearance, formula=formula, value=30, within_days=30, reported={})
    )


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"op": "<"}, "give either value or times_upper_limit"),
        (
            {"op": "<", "value": 3, "unit": "g/L", "times_upper_limit": 2},
            "give either value or times_upper_limit",
        ),
        ({"op": "<", "value": 3}, "a value needs its unit, and only a value has one"),
        ({"op": "<", "times_upper_limit": 3, "unit": "g/L"}, "a value needs its unit"),
        ({"op": "<", "value": 0, "unit": "g/L"}, "it must be more than 0"),
        ({"op": "=", "value": 1, "unit": "g/L"}, "op is '='"),
        ({"op": "<", "value": 1, "unit": "g/L", "window": 3}, "window is not a word that can be used here"),
    ],
)
def test_a_measurement_needs_one_threshold(part: dict[str, Any], expected: str) -> None:
    changed = with_part(kind="measured", codes=["loinc:718-7"], order="haemoglobin", **part)

    assert expected in complaint(changed)


def test_a_kind_must_be_one_we_know() -> None:
    assert "kind is 'felt'" in complaint(with_part(kind="felt"))
    assert "kind is missing" in complaint(with_part())


def test_a_reading_by_yes_or_no_is_named_as_toml_spells_it() -> None:
    text = {"en": "Woman.", "fr": "Femme."}
    among = {"true": {"id": "W", "text": text, "kind": "sex", "is": "female"}}
    protocol = read(with_part(kind="chosen", by=True, among=among), name="x")

    assert [part.id for part in criteria.everything_in(protocol.inclusion[0])] == ["I1", "W"]


def test_a_file_that_is_no_table_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        Protocol.model_validate(["inclusion"])


# ------------------------------------------------------------------------------------ codes as they should be


def codes(node: Any) -> Iterator[str]:
    """Every code of a file written short."""
    if isinstance(node, str) and re.match(r"^(loinc|snomed|atc|rxnorm|icd10|score|lung|stop):", node):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from codes(inner)


def is_loinc(code: str) -> bool:
    digits, check = code.split("-")
    doubled = [int(digit) * (2 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(digits))]
    return (10 - sum(number // 10 + number % 10 for number in doubled) % 10) % 10 == int(check)


PERMUTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def turned(one: int, other: int) -> int:
    """The product of two symmetries of the pentagon: five turns, then five reflections."""
    turn = one + other if one < 5 else one - other
    return turn % 5 + 5 * ((one < 5) != (other < 5))


def is_snomed(code: str) -> bool:
    check = 0
    for n, digit in enumerate(reversed(code)):
        permuted = int(digit)
        for _ in range(n % 8):
            permuted = PERMUTED[permuted]
        check = turned(check, permuted)
    return check == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_code_has_the_form_and_check_digit_of_its_system(path: Path) -> None:
    checks: dict[str, Callable[[str], bool]] = {
        "loinc": is_loinc,
        "snomed": is_snomed,
        "atc": lambda code: re.fullmatch(r"[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?", code) is not None,
        "rxnorm": str.isdecimal,
        "icd10": lambda code: re.fullmatch(r"[A-Z](\d\d?(\.\d)?)?", code) is not None,
        "score": lambda code: code in SCORE.codes,
        "lung": lambda code: code in LUNG.codes,
        "stop": lambda code: code in STOP_REASON.codes,
    }
    named = set(codes(tomllib.loads(path.read_text(encoding="utf-8"))))

    assert set(checks) == set(parts.SYSTEMS)
    assert [one for one in sorted(named) if not checks[one.split(":")[0]](one.split(":")[1])] == []


def test_the_check_digits_are_checked() -> None:
    assert is_loinc("8414-5")
    assert not is_loinc("8414-1")
    assert is_snomed("95416007")
    assert not is_snomed("95416009")


def test_a_file_is_not_changed_by_being_read() -> None:
    before = raw()
    given = copy.deepcopy(before)
    read(given, name="x")

    assert given == before
