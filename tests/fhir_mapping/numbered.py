"""National numbers of nobody: drawn at random, with the control key that makes them numbers."""

from hypothesis import strategies as st

_KEY = 97
_CORSICA = {"2A": "19", "2B": "18"}
_DEPARTMENTS = ("01", "13", "19", "20", "75", "92", "97", "98", "99", "2A", "2B")


def keyed(thirteen: str) -> str:
    """The control key of thirteen digits, of which two may be Corsica's."""
    department = thirteen[5:7]
    plain = thirteen[:5] + _CORSICA.get(department, department) + thirteen[7:]
    return f"{_KEY - int(plain) % _KEY:02}"


def _parts(
    sex: str, year: int, month: int, department: str, *, town: int, order: int
) -> tuple[str, str, str, str, str, str, str]:
    said = (sex, f"{year:02}", f"{month:02}", department, f"{town:03}", f"{order:03}")
    return (*said, keyed("".join(said)))


PARTS = st.builds(
    _parts,
    st.sampled_from("123478"),
    st.integers(0, 99),
    st.integers(1, 12) | st.integers(20, 42) | st.integers(50, 99),
    st.sampled_from(_DEPARTMENTS),
    town=st.integers(0, 999),
    order=st.integers(0, 999),
)
"""Temporary sexes, months unknown, and births in Corsica, overseas and abroad among them."""

BETWEEN = st.sampled_from(["", " ", ".", "-", "/", "_", "\u00a0", "\u202f", " - ", "\u200b"])


@st.composite
def written(draw: st.DrawFn) -> str:
    """A number as somebody may have typed it."""
    parts = draw(PARTS)
    return "".join(part + draw(BETWEEN) for part in parts[:-1]) + parts[-1]


@st.composite
def without_key(draw: st.DrawFn) -> str:
    """Fifteen digits that are no number: the key is another."""
    number = "".join(draw(PARTS))
    wrong = draw(st.integers(0, 99).map("{:02}".format).filter(lambda key: key != number[-2:]))
    return number[:-2] + wrong
