"""Each rule of reading an ORU^R01, one by one: text, times, codes, values, statuses, numbers and subject."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.hl7v2 import er7, oru, times, transaction
from app.fhir_mapping.hl7v2.er7 import Encoding
from app.fhir_mapping.hl7v2.statuses import REPORT, RESULT
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.sender import Sender, Senders
from tests.fhir_mapping.hl7v2_messages import (
    LAB,
    MSH,
    OBR,
    PID,
    SENDER,
    SENDERS,
    SUBJECTS,
    bundled,
    message,
    resources,
    result,
)

PARIS = "Europe/Paris"


def observed(obx: str, *below: str, obr: str = OBR, sender: Sender = SENDER) -> dict[str, Any]:
    [found] = resources(result(obx, *below, obr=obr), sender=sender)
    return found


def value(kind: str, said: str, unit: str = "g/L") -> dict[str, Any]:
    found = observed(f"OBX|1|{kind}|X^^L||{said}|{unit}|||||F")
    return {name: found[name] for name in found if name.startswith("value") or name == "dataAbsentReason"}


def refused(raw: bytes, *, senders: Senders = SENDERS) -> list[tuple[str, str | None]]:
    with pytest.raises(Refusal) as caught:
        transaction.transaction(oru.read(raw, senders))
    return [(issue.code, issue.expression) for issue in caught.value.issues]


# the text


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(str.strip))
def test_what_is_written_into_a_field_is_read_from_it_again(text: str) -> None:
    encoding = Encoding()
    field = er7.Value(encoding.write(text), encoding)

    assert field.text == text or encoding.write(text) == '""'
    assert not {"|", "^", "~", "&"} & set(field.written)


@pytest.mark.parametrize("signs", ["|^~\\&", "$%~!@", "#*+_;", "|^~\\&#"])
def test_any_five_signs_divide_a_message(signs: str) -> None:
    table = str.maketrans("|^~\\&", signs[:5])
    raw = result("OBX|1|NM|C3N^C3^L||0.71|g/L|||||F").decode().translate(table)
    raw = raw.replace(f"MSH{signs[:5]}", f"MSH{signs}", 1)

    assert bundled(raw.encode()).raw == bundled(result("OBX|1|NM|C3N^C3^L||0.71|g/L|||||F")).raw


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\r", "\n\n"])
def test_segments_end_with_cr_lf_or_both(end: str, last: str) -> None:
    raw = result("OBX|1|NM|C3N^C3^L||0.71|g/L|||||F").decode()

    assert bundled((raw.strip().replace("\r", end) + last).encode()).raw == bundled(raw.encode()).raw


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"first\.br\second\.sp\third", "first\nsecond\nthird"),
        (r"\H\loud\N\ \.in+4\quiet", "loud quiet"),
        (r"\XC2B5\g", "µg"),
        (r"\X0D\end", "end"),
        (r"5 \ 3 is \Z1\ kept \XZZ\ too", r"5 \ 3 is \Z1\ kept \XZZ\ too"),
    ],
)
def test_escapes_are_read_and_unknown_ones_kept(written: str, meant: str) -> None:
    assert observed(f"OBX|1|FT|X^^L||{written}||||||F")["valueString"] == meant


@pytest.mark.parametrize(
    ("said", "charset"),
    [("", "utf-8"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15")],
)
def test_the_message_is_read_in_the_characters_it_says(said: str, charset: str) -> None:
    raw = result("OBX|1|NM|X^Créatinine^L||62|µmol/l|||||F").decode()
    raw = raw.replace("|P|2.5", f"|P|2.5||||||{said}", 1)
    [found] = resources(raw.encode(charset))

    assert found["valueQuantity"]["unit"] == "µmol/l"


def test_http_says_the_characters_where_the_message_does_not() -> None:
    raw = result("OBX|1|NM|X^^L||62|µmol/l|||||F").decode().encode("latin-1")

    assert oru.read(raw, SENDERS, charset="ISO-8859-1").orders[0].results[0].obx[6].text == "µmol/l"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "MSH[1]"),
        (b"PID|1", "MSH[1]"),
        (b"MSH|^^^^|A|B", "MSH[1]-2"),
        (b"MSHA^~\\&A|B|C", "MSH[1]-2"),
        (result("OBX|1|NM|X||62|µmol/l|||||F").decode().encode("latin-1"), "MSH[1]-18"),
        (result("OBX|1").replace(b"|P|2.5", b"|P|2.5||||||KLINGON"), "MSH[1]-18"),
        (result("OBX|1|TX|X||first\rline two||||||F"), "MSH[1]"),
    ],
)
def test_what_cannot_be_read_is_refused_naming_where(raw: bytes, place: str) -> None:
    assert place in [expression for _, expression in refused(raw)]


@given(
    st.binary(max_size=400) | st.binary(max_size=300).map(lambda raw: result("OBX|1|ST|X^^L||").strip() + raw)
)
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    try:
        bundled(raw)
    except Refusal:
        return


# what is not for us


@pytest.mark.parametrize(
    ("field", "said", "place"),
    [
        (9, "ADT^A01", "MSH[1]-9.1"),
        (9, "ORU^R32", "MSH[1]-9.2"),
        (9, "ORU", "MSH[1]-9.2"),
        (11, "T", "MSH[1]-11"),
        (11, "", "MSH[1]-11"),
        (12, "2.2", "MSH[1]-12"),
        (12, "2.9", "MSH[1]-12"),
        (12, "", "MSH[1]-12"),
        (3, "OTHER", "MSH[1]-3"),
    ],
)
def test_other_types_modes_versions_and_senders_are_refused(field: int, said: str, place: str) -> None:
    fields = MSH.split("|")
    fields[field - 1] = said

    assert place in [one for _, one in refused(message(OBR, msh="|".join(fields)))]


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1^FRA", "2.6", "2.7", "2.8", "2.8.2"])
def test_versions_2_3_to_2_8_2_are_read(version: str) -> None:
    raw = message(OBR, "OBX|1|NM|C3N^^L||0.71|g/L|||||F", msh=MSH.replace("2.5", version))

    assert len(resources(raw)) == 1


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("OBR|1||1|A", "PID|2||015", "OBR|2||2|B"), "PID[2]"),
        (("OBX|1|NM|X||1||||||F",), "OBR[1]"),
        (("OBX|1|NM|X||1||||||F", "OBR|1||1|A"), "OBX[1]"),
        (("OBR|1||1|A", "DSC|more"), "DSC[1]"),
        ((MSH, "OBR|1||1|A"), "MSH[2]"),
        (("OBR|1||1|",), "OBR[1]-4"),
        (("OBR|1||1|A|||yesterday", "OBX|1|NM|X||1||||||F"), "OBR[1]-7"),
        (("OBR|1||1|A", "OBX|1|NM|||1||||||F"), "OBX[1]-3"),
        (("OBR|1||1|A", "OBX|1||X||1||||||F"), "OBX[1]-2"),
        (("OBR|1||1|A", "OBX|1|NM|X||1~2||||||F"), "OBX[1]-5"),
        (("OBR|1||1|A", "OBX|1|NM|X||1||||||F", "OBX|2|NM|X||2||||||F"), "OBX[2]"),
        (("OBR|1||1|A|||||||||||||||||||||Q",), "OBR[1]-25"),
    ],
)
def test_a_message_that_says_too_little_or_too_much_is_refused_naming_where(
    lines: tuple[str, ...], place: str
) -> None:
    if place == "OBR[1]-25":
        lines = (*lines, "OBX|1|NM|X||1||||||F||||||||20240301101010")
    assert place in [one for _, one in refused(message(*lines))]


def test_every_reason_is_said_at_once() -> None:
    raw = message(OBR, "OBX|1|NM|A||1||||||", "OBX|2|NM|B||1||||||Q", "OBX|3|NM|||1||||||F")

    assert refused(raw) == [
        ("required", "OBX[1]-11"),
        ("code-invalid", "OBX[2]-11"),
        ("required", "OBX[3]-3"),
    ]


# the subject


@pytest.mark.parametrize(
    "pid_3",
    [
        "014",
        "014^^^msc-sle-subject",
        "014^^^msc-sle-subject^PI~99^^^CHU",
        f"99^^^CHU^MR~014^^^&{SUBJECTS}&URI",
    ],
)
def test_the_subject_is_the_number_of_the_senders_subject_system(pid_3: str) -> None:
    [found] = resources(message(OBR, "OBX|1|NM|X^^L||1||||||F", pid=f"PID|1||{pid_3}"))

    assert found["subject"] == {"reference": f"Patient?identifier={SUBJECTS}|014"}


@pytest.mark.parametrize(
    "pid_3",
    [
        "",
        "8001234^^^CHU^PI",
        "185057800608491^^^^SS",
        "014~015",
        "014^^^msc-sle-subject~015^^^msc-sle-subject",
        "014^^^msc-sle-subject&1.2.3&ISO",
    ],
)
def test_a_number_of_another_system_is_never_taken_for_the_subject(pid_3: str) -> None:
    raw = message(OBR, "OBX|1|NM|X^^L||1||||||F", pid=f"PID|1||{pid_3}")

    assert refused(raw) == [("not-found", "PID[1]-3")]


def test_a_pseudonym_cannot_widen_the_search_it_is_found_by() -> None:
    raw = message(OBR, "OBX|1|NM|X^^L||1||||||F", pid="PID|1||0,1&_id=2|x".replace("|x", "\\F\\x"))
    [found] = resources(raw.replace(b"&_id", b"\\T\\_id"))

    assert found["subject"]["reference"] == f"Patient?identifier={SUBJECTS}|0%5C%2C1%26_id%3D2%5C|x"


# numbers


@pytest.mark.parametrize(
    ("obr", "obx", "number", "kind"),
    [
        ("OBR|1|P1|L1|A", "OBX|1|NM|X^^L||1||||||F", "L1^X", "FILL"),
        ("OBR|1|P1|L1|A", "OBX|1|NM|X^^L|2|1||||||F", "L1^X^2", "FILL"),
        ("OBR|1|P1|L1|A", "OBX|1|NM|1-8^^LN^X^^L||1||||||F", "L1^X", "FILL"),
        ("OBR|1|P1|L1|A", "OBX|1|NM|1-8^^LN||1||||||F", "L1^1-8", "FILL"),
        ("OBR|1|P1||A", "OBX|1|NM|X^^L||1||||||F", "placer:P1^X", "PLAC"),
        ("OBR|1|P1|L1|A", "OBX|1|NM|X^^L||1||||||F||||||||||I9", "I9^X", "FILL"),
    ],
)
def test_a_result_is_told_by_the_filler_its_code_and_its_sub_id(
    obr: str, obx: str, number: str, kind: str
) -> None:
    own = observed(obx, obr=obr)["identifier"][0]

    assert (own["system"], own["value"]) == (LAB, number)
    assert own["type"]["coding"][0]["code"] == kind


def test_the_orders_number_may_stand_in_orc() -> None:
    raw = message("ORC|RE|P1|L1", "OBR|1|||A", "OBX|1|NM|X^^L||1||||||F")

    assert [one["value"] for one in resources(raw)[0]["identifier"]] == ["L1^X", "P1"]


def test_without_any_number_the_same_examination_is_the_same_result_and_says_so() -> None:
    first, again, other = (
        message(f"OBR|1|||A|||{day}", f"OBX|1|NM|X^^L||{said}||||||{status}")
        for day, said, status in (
            ("20240301", "1", "P"),
            ("20240301", "2", "F"),
            ("20240302", "1", "P"),
        )
    )
    numbers = [resources(raw)[0]["identifier"][0]["value"] for raw in (first, again, other)]

    assert numbers[0] == numbers[1] != numbers[2]
    assert numbers[0].startswith("content:")
    assert ("OBR[1]-3") in [warning.expression for warning in bundled(first).warnings]


def test_a_sender_with_two_systems_says_by_its_oid_which_one_a_number_is_of() -> None:
    two = Sender(
        name="two", systems=(LAB, "urn:oid:1.2.9"), subject_system=SUBJECTS, applications=SENDER.applications
    )
    obx = "OBX|1|NM|X^^L||1||||||F"

    assert (
        observed(obx, obr="OBR|1||L1^B^1.2.9^ISO|A", sender=two)["identifier"][0]["system"] == "urn:oid:1.2.9"
    )
    assert observed(obx, obr="OBR|1||L1^B^1.2.8^ISO|A", sender=two)["identifier"][0]["system"] == LAB


# values


@pytest.mark.parametrize(
    ("kind", "said", "became"),
    [
        ("NM", "0.710", {"valueQuantity": {"value": Decimal("0.710"), "unit": "g/L"}}),
        ("NM", "<0.5", {"valueQuantity": {"value": Decimal("0.5"), "comparator": "<", "unit": "g/L"}}),
        ("NM", ">= 200", {"valueQuantity": {"value": Decimal(200), "comparator": ">=", "unit": "g/L"}}),
        ("NM", "-1.5", {"valueQuantity": {"value": Decimal("-1.5"), "unit": "g/L"}}),
        ("NM", "0,5", {"valueString": "0,5"}),
        ("NM", "1E3", {"valueString": "1E3"}),
        ("NM", "ILLISIBLE", {"valueString": "ILLISIBLE"}),
        ("ST", "0.71", {"valueQuantity": {"value": Decimal("0.71"), "unit": "g/L"}}),
        ("ST", "<0.5", {"valueQuantity": {"value": Decimal("0.5"), "comparator": "<", "unit": "g/L"}}),
        ("ST", "1/80", {"valueString": "1/80"}),
        ("ST", "positif", {"valueString": "positif"}),
        ("SN", "<^10", {"valueQuantity": {"value": Decimal(10), "comparator": "<", "unit": "g/L"}}),
        ("SN", "^10", {"valueQuantity": {"value": Decimal(10), "unit": "g/L"}}),
        (
            "SN",
            "^3^-^5",
            {
                "valueRange": {
                    "low": {"value": Decimal(3), "unit": "g/L"},
                    "high": {"value": Decimal(5), "unit": "g/L"},
                }
            },
        ),
        (
            "SN",
            "^1^:^80",
            {"valueRatio": {"numerator": {"value": Decimal(1)}, "denominator": {"value": Decimal(80)}}},
        ),
        ("SN", "^2^+", {"valueString": "2+"}),
        ("SN", "<>^2", {"valueString": "<>2"}),
        ("TM", "0805", {"valueTime": "08:05:00"}),
        ("DT", "20240301", {"valueDateTime": "2024-03-01"}),
        ("DTM", "20240701080500", {"valueDateTime": "2024-07-01T08:05:00+02:00"}),
        ("DT", "hier", {"valueString": "hier"}),
        ("IS", "POS", {"valueString": "POS"}),
    ],
)
def test_a_value_is_what_it_plainly_says_and_never_more(kind: str, said: str, became: dict[str, Any]) -> None:
    assert value(kind, said) == became


@pytest.mark.parametrize("said", ["12", "<0.5", "007"])
def test_a_text_without_a_unit_never_becomes_a_number(said: str) -> None:
    assert value("ST", said, unit="") == {"valueString": said}


@pytest.mark.parametrize("kind", ["ED", "RP", "XPN", "XCN", "NA", "QQ"])
def test_documents_persons_and_waveforms_stay_out(kind: str) -> None:
    said = value(kind, "DUPONT^JEAN")

    assert said["dataAbsentReason"]["coding"][0]["code"] == "unsupported"
    assert "DUPONT" not in f"{said}"


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("g/L", {"unit": "g/L"}),
        ("g/l^gramme par litre^L", {"unit": "g/l"}),
        ("^giga^L", {"unit": "giga"}),
        ("10*9/L^^UCUM", {"unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}),
        ("G/L^^L^10*9/L^^UCUM", {"unit": "G/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}),
        ("10^9/L", {"unit": "10^9/L"}),
        ("x10^3/uL^^L", {"unit": "x10^3/uL"}),
        ("10\\S\\9/L", {"unit": "10^9/L"}),
        ("10", {"unit": "10"}),
        ("", {}),
    ],
)
def test_a_unit_has_a_code_only_where_the_sender_says_whose(written: str, unit: dict[str, str]) -> None:
    assert value("NM", "4.2", unit=written)["valueQuantity"] == {"value": Decimal("4.2"), **unit}


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("0.9-1.8", "0.9", "1.8"),
        ("0.9 - 1.8", "0.9", "1.8"),
        ("-2--1", "-2", "-1"),
        ("<5", None, "5"),
        (">= 60", "60", None),
        ("0,9-1,8", None, None),
        ("négatif", None, None),
    ],
)
def test_a_range_has_bounds_where_it_plainly_says_them(said: str, low: str | None, high: str | None) -> None:
    [found] = observed(f"OBX|1|NM|X^^L||1|g/L|{said}||||F")["referenceRange"]

    assert found["text"] == said
    assert found.get("low", {}).get("value") == (Decimal(low) if low else None)
    assert found.get("high", {}).get("value") == (Decimal(high) if high else None)


@pytest.mark.parametrize(
    ("table", "system"),
    [
        ("LN", "http://loinc.org"),
        ("L", "urn:oid:1.2.250.1.0.99.2"),
        ("99GLI", "urn:oid:1.2.250.1.0.99.2"),
        ("", "urn:oid:1.2.250.1.0.99.2"),
        ("EAP", "urn:oid:1.2.250.1.0.99.2"),
        ("HL70487", "http://terminology.hl7.org/CodeSystem/v2-0487"),
        ("NABM", None),
    ],
)
def test_a_code_is_of_the_system_its_table_names(table: str, system: str | None) -> None:
    [coding] = observed(f"OBX|1|NM|X^Name^{table}||1||||||F")["code"]["coding"]

    assert coding.get("system") == system
    assert coding.get("userSelected") == (True if system == "urn:oid:1.2.250.1.0.99.2" else None)


# the life of a result

DECIDED = [
    # OBX-11, status with a value, status without, why there is none
    ("A", "amended", "amended", "unknown"),
    ("B", "amended", "amended", "unknown"),
    ("C", "corrected", "corrected", "unknown"),
    ("D", "entered-in-error", "entered-in-error", None),
    ("F", "final", "final", "unknown"),
    ("I", "preliminary", "registered", "temp-unknown"),
    ("N", "cancelled", "cancelled", "not-asked"),
    ("O", "preliminary", "registered", "temp-unknown"),
    ("P", "preliminary", "preliminary", "temp-unknown"),
    ("R", "preliminary", "registered", "temp-unknown"),
    ("S", "preliminary", "registered", "temp-unknown"),
    ("U", "final", None, None),
    ("V", "final", "final", "unknown"),
    ("W", "entered-in-error", "entered-in-error", None),
    ("X", "cancelled", "cancelled", "unknown"),
]


def test_every_status_of_the_table_is_decided() -> None:
    assert [row[0] for row in DECIDED] == sorted(RESULT)


@pytest.mark.parametrize(("said", "valued", "bare", "why"), DECIDED)
def test_each_obx_11_has_its_status(said: str, valued: str, bare: str | None, why: str | None) -> None:
    assert observed(f"OBX|1|NM|X^^L||1|g/L|||||{said}")["status"] == valued
    if bare is None:  # U without a value: below
        return
    found = observed(f"OBX|1|NM|X^^L|||g/L|||||{said}")
    assert found["status"] == bare
    reason = found.get("dataAbsentReason", {"coding": [{"code": None}]})
    assert reason["coding"][0]["code"] == why


@pytest.mark.parametrize("said", ["", "f", "Q", '""'])
def test_an_empty_or_unknown_obx_11_is_refused_naming_it(said: str) -> None:
    [(_, place)] = refused(result(f"OBX|1|NM|X^^L||1|g/L|||||{said}"))

    assert place == "OBX[1]-11"


def test_u_makes_the_preliminary_result_final_as_it_was_sent() -> None:
    [sent] = resources(result("OBX|1|NM|X^^L||0.710|g/L|||||P"))
    raw = result("OBX|1|NM|X^^L||||||||U", obr=OBR.replace("101200", "150000"))
    [number] = transaction.promoted(oru.read(raw, SENDERS))
    stored = {**sent, "id": "1", "meta": {"versionId": "1"}, "subject": {"reference": "Patient/p"}}

    found = bundled(raw, {(number.system, number.value): stored})

    later = {"status": "final", "issued": "2024-03-01T15:00:00+01:00", "subject": {"reference": "Patient/p"}}
    assert b'"value":0.710' in found.raw
    entry = observation_of(found.raw)
    assert entry == {**sent, **later}


def observation_of(raw: bytes) -> dict[str, Any]:
    return next(
        one["resource"]
        for one in codec.read(raw)["entry"]
        if one["resource"]["resourceType"] == "Observation"
    )


def test_u_says_nothing_of_what_is_settled_and_is_refused_of_what_never_came() -> None:
    [sent] = resources(result("OBX|1|NM|X^^L||0.71|g/L|||||C"))
    raw = result("OBX|1|NM|X^^L||||||||U")

    assert bundled(raw, {(LAB, "L77^X"): sent}).places == []
    assert refused(raw) == [("not-found", "OBX[1]-11")]


@pytest.mark.parametrize("said", sorted(REPORT))
def test_each_obr_25_has_its_status(said: str) -> None:
    obr = OBR.removesuffix("F") + said
    [report] = resources(result("OBX|1|NM|X^^L||1|g/L|||||F", obr=obr), "DiagnosticReport")

    assert report["status"] == REPORT[said]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ("FF", "final"),
        ("FC", "corrected"),
        ("FP", "partial"),
        ("PI", "registered"),
        ("DD", "entered-in-error"),
    ],
)
def test_without_obr_25_the_report_is_what_its_results_come_to(statuses: str, status: str) -> None:
    lines = [f"OBX|{n}|NM|X{n}^^L||1|g/L|||||{said}" for n, said in enumerate(statuses, 1)]
    [report] = resources(message(OBR.removesuffix("F"), *lines), "DiagnosticReport")

    assert report["status"] == status


# times


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024", "2024"),
        ("202403", "2024-03"),
        ("20240301", "2024-03-01"),
        ("2024030108", "2024-03-01"),
        ("202403010805", "2024-03-01T08:05:00+01:00"),
        ("20240701080500", "2024-07-01T08:05:00+02:00"),
        ("20240301080500.1234", "2024-03-01T08:05:00.1234+01:00"),
        ("20240301080500-0500", "2024-03-01T08:05:00-05:00"),
        ("202403010805+0000", "2024-03-01T08:05:00+00:00"),
        ("20240331025900", "2024-03-31T02:59:00+01:00"),  # a time the clocks pass over
        ("20241027023000", "2024-10-27T02:30:00+02:00"),  # a time they show twice: the earlier
        ("20241027023000+0100", "2024-10-27T02:30:00+01:00"),
        ("20240230", None),
        ("20240301246000", None),
        ("00000000", None),
        ("0", None),
        ("2024-03-01", None),
    ],
)
def test_a_time_is_as_precise_as_it_was_sent_in_the_senders_zone(written: str, meant: str | None) -> None:
    assert times.date_time(written, PARIS) == meant


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - what clocks show
    st.sampled_from([PARIS, "America/New_York"]),
)
def test_a_time_without_an_offset_is_the_instant_the_senders_clocks_showed(at: datetime, zone: str) -> None:
    said = times.date_time(at.strftime("%Y%m%d%H%M%S"), zone)

    assert said is not None
    shown = at.replace(microsecond=0, tzinfo=ZoneInfo(zone))
    assert datetime.fromisoformat(said).astimezone(UTC) == shown.astimezone(UTC)


def test_the_zone_is_the_senders_own_whatever_offset_the_message_was_sent_at() -> None:
    guadeloupe = Sender(
        name="far",
        systems=(LAB,),
        subject_system=SUBJECTS,
        applications=SENDER.applications,
        time_zone="America/Guadeloupe",
    )
    found = observed("OBX|1|NM|X^^L||1||||||F", sender=guadeloupe)

    assert found["issued"] == "2024-03-01T10:12:00-04:00"


def test_an_hour_the_clocks_show_twice_is_taken_and_warned_of() -> None:
    raw = result("OBX|1|NM|X^^L||1||||||F|||20241027023000")

    assert "OBX[1]-14" in [warning.expression for warning in bundled(raw).warnings]


def test_what_was_issued_orders_results_and_is_never_the_time_of_the_message() -> None:
    undated = OBR.replace("20240301101200", "")

    assert observed("OBX|1|NM|X^^L||1||||||F")["issued"] == "2024-03-01T10:12:00+01:00"
    by_obx = observed("OBX|1|NM|X^^L||1||||||F||||||||20240301101000", obr=undated)
    assert by_obx["issued"] == "2024-03-01T10:10:00+01:00"
    assert "issued" not in observed("OBX|1|NM|X^^L||1||||||F", obr=undated)


def test_what_is_noticed_of_an_order_is_said_once_for_all_its_results() -> None:
    coarse = OBR.replace("20240301101200", "20240301")
    raw = message(coarse, "OBX|1|NM|X^^L||1||||||F", "OBX|2|NM|Y^^L||1||||||F")

    assert [warning.expression for warning in bundled(raw).warnings] == ["OBR[1]-22"] * 2
    assert len({warning.text for warning in bundled(raw).warnings}) == 2


def test_a_specimen_of_several_orders_is_one() -> None:
    spm = "SPM|1|^S1||SER^^HL70487"
    raw = message(
        "OBR|1||L1|A", "OBX|1|NM|X^^L||1||||||F", spm, "OBR|2||L1|B", "OBX|2|NM|Y^^L||1||||||F", spm
    )

    assert len(resources(raw, "Specimen")) == 1
    assert PID.encode() in raw


def test_results_of_an_order_in_several_messages_have_reports_that_do_not_contradict_each_other() -> None:
    lines = ["OBX|1|NM|X^^L||1||||||F", "OBX|2|NM|Y^^L||1||||||F"]
    reports = [
        resources(message(OBR, *some), "DiagnosticReport")[0] for some in (lines[:1], lines[1:], lines)
    ]
    own, orders = ([one["identifier"][at]["value"] for one in reports] for at in (0, 1))

    assert len(set(own)) == 3
    assert set(orders) == {"L77^BIO"}


def test_a_collection_that_ended_before_it_began_is_taken_at_its_beginning_and_warned_of() -> None:
    backwards = OBR.replace("202403010805|", "202403010805|202402290805", 1)
    raw = result("OBX|1|NM|X^^L||1||||||F", obr=backwards)

    assert resources(raw)[0]["effectiveDateTime"] == "2024-03-01T08:05:00+01:00"
    assert "OBR[1]-8" in [warning.expression for warning in bundled(raw).warnings]


def test_a_message_of_two_thousand_results_is_read_whole() -> None:
    lines = [f"OBX|{n}|NM|X{n}^^L||1|g/L|||||F" for n in range(2000)]

    assert len(resources(message(OBR, *lines))) == 2000
