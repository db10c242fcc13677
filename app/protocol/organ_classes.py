"""Which organ an adverse event is about, by the code of its CTCAE term or system organ class (§3.6)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from app.protocol.words import Frozen, Sentence, Text

TABLE = Path(__file__).parent / "tables" / "organ_classes.toml"


class SystemOrganClass(Frozen):
    """A system organ class of MedDRA, and the organ of the synopsis it stands for."""

    code: Text
    name: Sentence
    organ: Text | None = None


class Term(Frozen):
    """A CTCAE term: its class, and its organ where that is not the one of its class."""

    code: Text
    name: Text
    in_class: Text
    organ: Text | None = None


class OrganClasses(Frozen):
    """The classes and the terms known."""

    classes: tuple[SystemOrganClass, ...]
    terms: tuple[Term, ...]


@cache
def placed() -> Mapping[str, tuple[SystemOrganClass, str | None]]:
    """By the code of a term or of a class: the class, and the organ."""
    table = OrganClasses.model_validate(tomllib.loads(TABLE.read_text(encoding="utf-8")))
    classes = {one.code: one for one in table.classes}
    found = {one.code: (one, one.organ) for one in table.classes}
    for term in table.terms:
        its_class = classes[term.in_class]
        found[term.code] = (its_class, term.organ or its_class.organ)
    return MappingProxyType(found)
