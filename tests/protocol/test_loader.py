"""A protocol file is read once, found by its registry number, and stops the start where it is wrong."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from app.protocol.loader import ProtocolError, load, load_all, protocol_for

SMALL = """
[study]
key = "TRIAL"
version = "1"
title = { en = "A trial", fr = "Un essai" }
identifiers = [{ system = "https://clinicaltrials.gov", value = "NCT00000001" }]
products = [{ system = "urn:products", code = "cells" }]

[[visits]]
label = "M0"
day = 0
window = [-30, 0]

[[visits]]
label = "M3"
day = 91
window = [77, 105]

[[visits]]
label = "M6"
day = 183
window = [169, 197]

[parameters.sledai]
variant = "selena"

[sri]
visits = ["M3", "M6"]

[[sri.rules]]
name = "registry"
source = "the registry"
title = { en = "As registered", fr = "Selon le registre" }
max_new_b = 1

[sri.rules.text]
sledai = { en = "a", fr = "a" }
bilag_a = { en = "b", fr = "b" }
bilag_b = { en = "c", fr = "c" }
pga = { en = "d", fr = "d" }

[[example]]
question = "sledai"
id = "SL"
says = "nothing is nothing"
expect = [0, 0]
"""


def written(folder: Path, text: str, name: str = "trial.toml") -> Path:
    """A protocol file of that text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    """What is said of a file that cannot be used."""
    with pytest.raises(ProtocolError) as refused:
        load(written(folder, text))
    return str(refused.value)


def test_the_small_protocol_is_valid(tmp_path: Path) -> None:
    protocol = load(written(tmp_path, SMALL))

    assert (protocol.key, protocol.version) == ("TRIAL", "1")
    assert protocol.sri is not None
    assert protocol.sri.rules[0].pga_worsening_threshold == Decimal("0.3")


WRONG: Mapping[str, tuple[str, str, str]] = {
    "a window that ends before it begins": (
        "window = [169, 197]",
        "window = [169, 150]",
        "trial.toml, visit M6: window 169..150 ends before it begins",
    ),
    "a day outside its own window": (
        "day = 183",
        "day = 200",
        "trial.toml, visit M6: day 200 lies outside its own window 169..197",
    ),
    "windows that overlap": (
        "window = [169, 197]",
        "window = [100, 197]",
        "trial.toml: the windows of M3 (77..105) and M6 (100..197) overlap: a day could belong to both",
    ),
    "windows that share a single day": (
        "window = [169, 197]",
        "window = [105, 197]",
        "trial.toml: the windows of M3 (77..105) and M6 (105..197) overlap: a day could belong to both",
    ),
    "a visit declared twice": ('label = "M6"', 'label = "M3"', "trial.toml: visit M3 is declared twice"),
    "an SRI visit that does not exist": (
        'visits = ["M3", "M6"]',
        'visits = ["M3", "M4"]',
        "trial.toml: the SRI names visit M4, but the visits of this protocol are M0, M3, M6",
    ),
    "no SRI visit": (
        'visits = ["M3", "M6"]',
        "visits = []",
        "trial.toml, sri: visits is too short: at least 1 is needed",
    ),
    "a word that does not exist": (
        "max_new_b = 1",
        "max_new_b = 1\nmax_new_c = 1",
        "trial.toml, sri, rule registry: max_new_c is not a word that can be used here",
    ),
    "a line left out": ("max_new_b = 1", "", "trial.toml, sri, rule registry: max_new_b is missing"),
    "a count that is a text": (
        "max_new_b = 1",
        'max_new_b = "one"',
        "trial.toml, sri, rule registry: max_new_b is 'one', which is not a whole number",
    ),
    "a count below nothing": (
        "max_new_b = 1",
        "max_new_b = -1",
        "trial.toml, sri, rule registry: max_new_b is -1; it must be at least 0",
    ),
    "a threshold of nothing": (
        "max_new_b = 1",
        "max_new_b = 1\npga_worsening_threshold = 0.0",
        "trial.toml, sri, rule registry: pga_worsening_threshold is 0.0; it must be more than 0",
    ),
    "a day that is not whole": (
        "day = 183",
        "day = 182.625",
        "trial.toml, visit M6: day is 182.625, which is not a whole number",
    ),
    "a parameter with a value it does not know": (
        'variant = "selena"',
        'variant = "sledai"',
        "trial.toml, parameters, sledai: variant is 'sledai'; it must be 'selena' or 'sledai_2k'",
    ),
    "a sentence without its French": (
        'sledai = { en = "a", fr = "a" }',
        'sledai = { en = "a" }',
        "trial.toml, sri, rule registry, text, sledai: fr is missing",
    ),
    "an empty key": ('key = "TRIAL"', 'key = ""', "trial.toml, study: key is empty"),
    "an example of nothing that can be asked": (
        'question = "sledai"',
        'question = "sleep"',
        "trial.toml, example SL: question is 'sleep'; it must be one of 'sledai', 'bilag', 'sri-status'",
    ),
    "an example without a question": (
        'question = "sledai"',
        "",
        "trial.toml, example SL: question is missing",
    ),
    "an example that expects a text": (
        "expect = [0, 0]",
        'expect = "none"',
        "trial.toml, example SL: expect is 'none'; it must be a list",
    ),
    "an example that expects half a range": (
        "expect = [0, 0]",
        "expect = [0]",
        "trial.toml, example SL: expect no. 2 is missing",
    ),
    "a text where a table is needed": (
        "[parameters.sledai]\nvariant",
        "[parameters]\nsledai",
        "trial.toml, parameters: sledai is 'selena'; it must be a table",
    ),
    "a switch that is neither on nor off": (
        "[parameters.sledai]",
        '[parameters.obs]\naccept_preliminary = "yes"\n[parameters.sledai]',
        "trial.toml, parameters, obs: accept_preliminary is 'yes'; it must be true or false",
    ),
    "a weight left out": (
        "[parameters.sledai]",
        "[parameters.bilag]\nweights = { A = 9, B = 3 }\n[parameters.sledai]",
        "trial.toml, parameters, bilag, weights: C is missing",
    ),
    "a rule declared twice": (
        "[[example]]",
        """[[sri.rules]]
name = "registry"
source = "again"
title = { en = "a", fr = "a" }
max_new_b = 0
text.sledai = { en = "a", fr = "a" }
text.bilag_a = { en = "b", fr = "b" }
text.bilag_b = { en = "c", fr = "c" }
text.pga = { en = "d", fr = "d" }

[[example]]""",
        "trial.toml: SRI rule registry is declared twice",
    ),
    "an example that expects nothing": (
        'question = "sledai"\nid = "SL"\nsays = "nothing is nothing"\nexpect = [0, 0]',
        """question = "sri-status"
id = "SL"
says = "nothing"
baseline = {}
visit = {}
expect = {}""",
        "trial.toml, example SL: no verdict is expected of any rule",
    ),
    "an example that expects a rule that does not exist": (
        'question = "sledai"\nid = "SL"\nsays = "nothing is nothing"\nexpect = [0, 0]',
        """question = "sri-status"
id = "SL"
says = "nothing"
baseline = {}
visit = {}
expect = { sri-5 = "met" }""",
        "trial.toml: example SL names the rule sri-5, but the SRI rules of this protocol are registry",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_named_in_plain_words(mistake: str, tmp_path: Path) -> None:
    right, wrong, sentence = WRONG[mistake]
    assert right in SMALL

    assert complaint(tmp_path, SMALL.replace(right, wrong, 1)) == sentence


def test_a_trial_need_not_ask_for_the_sri(tmp_path: Path) -> None:
    without = SMALL[: SMALL.index("[sri]")]

    assert load(written(tmp_path, without)).sri is None


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    twice_wrong = SMALL.replace("max_new_b = 1", "").replace("window = [169, 197]", "window = [169, 150]")

    assert complaint(tmp_path, twice_wrong).splitlines() == [
        "trial.toml, visit M6: window 169..150 ends before it begins",
        "trial.toml, sri, rule registry: max_new_b is missing",
    ]


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[study\nkey = 1").startswith("trial.toml is not readable as TOML: ")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ProtocolError, match=r"trial\.toml is not readable as TOML"):
        load(path)


def test_an_entry_without_a_name_is_counted(tmp_path: Path) -> None:
    nameless = SMALL.replace('label = "M6"\n', "")

    assert complaint(tmp_path, nameless) == "trial.toml, visit no. 3: label is missing"


def test_one_wrong_file_stops_the_whole_library(tmp_path: Path) -> None:
    written(tmp_path, SMALL)
    written(tmp_path, SMALL.replace("window = [169, 197]", "window = [169, 150]"), "wrong.toml")

    with pytest.raises(ProtocolError, match=r"wrong\.toml, visit M6"):
        load_all(tmp_path)


def test_two_files_cannot_hold_the_same_study(tmp_path: Path) -> None:
    written(tmp_path, SMALL, "one.toml")
    written(tmp_path, SMALL, "two.toml")

    with pytest.raises(ProtocolError, match=r"two\.toml: another file already declares the study TRIAL"):
        load_all(tmp_path)


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    protocol = load(
        written(tmp_path, SMALL.replace("max_new_b = 1", "max_new_b = 1\npga_worsening_threshold = 0.30"))
    )

    assert protocol.sri is not None
    assert str(protocol.sri.rules[0].pga_worsening_threshold) == "0.30"


def test_msc_sle_is_in_the_library() -> None:
    protocol = load_all()["MSC-SLE"]

    assert [visit.label for visit in protocol.visits] == ["M0", "D10", "M1", "M3", "M6", "M9", "M12"]
    assert [visit.day for visit in protocol.visits] == [0, 10, 30, 91, 183, 274, 365]
    assert [code.code for code in protocol.study.products] == ["uc-msc"]


def test_the_three_readings_of_the_sri_differ_in_the_new_b_they_allow() -> None:
    sri = load_all()["MSC-SLE"].sri
    assert sri is not None

    assert [(rule.name, rule.max_new_b) for rule in sri.rules] == [
        ("registry", 1),
        ("synopsis", 0),
        ("published", 1),
    ]
    assert {(rule.sledai_drop, rule.max_new_a) for rule in sri.rules} == {(4, 0)}
    assert {(rule.pga_worsening_threshold, rule.pga_worsening_op) for rule in sri.rules} == {
        (Decimal("0.3"), ">=")
    }


def test_a_protocol_is_found_by_any_of_a_studys_identifiers() -> None:
    found = protocol_for([("urn:local", "7"), ("https://clinicaltrials.gov", "NCT03562065")])

    assert found is load_all()["MSC-SLE"]


@pytest.mark.parametrize(
    "identifiers", [[], [("https://clinicaltrials.gov", "NCT99999999")], [("urn:other", "NCT03562065")]]
)
def test_a_study_nobody_wrote_down_has_no_protocol(identifiers: list[tuple[str, str]]) -> None:
    assert protocol_for(identifiers) is None


def test_a_protocol_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_all()["MSC-SLE"].study, "version", "2")  # noqa: B010 - mypy knows it too


def test_the_usual_weights_apply_where_a_file_gives_none(tmp_path: Path) -> None:
    chosen = load(written(tmp_path, SMALL)).parameters.bilag

    assert chosen.counted.A == 9
    assert chosen.model_copy(update={"variant": "bilag2004"}).counted.A == 12
    assert load_all()["MSC-SLE"].parameters.bilag.counted == chosen.counted
