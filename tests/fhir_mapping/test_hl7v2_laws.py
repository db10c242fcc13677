"""What holds for every message, however it is mutilated: it is refused, or what it becomes is sound R4."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.fhir_mapping import check, codec
from app.fhir_mapping.outcome import Refusal
from tests.fhir_mapping.hl7v2_messages import CERNER, EPIC, GLIMS, MIRTH, MOLIS, bundled

SIGNS = "0123456789.,<>=-+:/^~&\\|ABXFPLN \"'éµ\x00\x1b\t\u2028"
SAID = ("", '""', "20240301", "202403010805", "20240301080500+0200", "<0.5", "^", "~", "&", "\\", "\\F\\")
MORE = ("NM", "SN", "ST", "TX", "CWE", "DT", "TM", "ED", "F", "P", "C", "U", "X", "LN", "1e400", "9" * 40)
TEXTS = st.one_of(st.sampled_from(SAID + MORE), st.text(SIGNS, max_size=12))
SHAPES = st.sampled_from(
    [
        raw.decode("latin-1").replace("|8859/15", "").replace("|8859/1", "")
        for raw in (EPIC, CERNER, GLIMS, MOLIS)
    ]
    + [MIRTH.decode()]
)


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """A message with some fields of its segments after the header exchanged, moved or left out."""
    raw = draw(SHAPES)
    header, *lines = raw.replace("\n", "\r").split("\r")
    sign = header[3]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        fields = lines[at].split(sign)
        field = draw(st.integers(0, len(fields) + 2))
        fields += [""] * (field + 1 - len(fields))
        if field:
            fields[field] = draw(TEXTS)
        lines[at] = sign.join(fields)
    if draw(st.booleans()):
        lines = draw(st.permutations(lines))
    return "\r".join((header, *lines)).encode()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
@given(mutilated())
def test_a_message_is_refused_or_becomes_sound_r4_that_is_the_same_every_time(raw: bytes) -> None:
    try:
        said = bundled(raw)
    except Refusal:
        return
    assert bundled(raw).raw == said.raw
    assert said.places or not codec.read(said.raw).get("entry")
    check.checked("Bundle", said.raw)
    for entry in codec.read(said.raw).get("entry", ()):
        check.checked(entry["resource"]["resourceType"], codec.write(entry["resource"]))
