"""Whether a narrative is the plain XHTML R4 allows: no scripts, no event handlers, nothing from elsewhere."""

import re
from xml.parsers import expat

from app.fhir_mapping.wording import shown

XHTML = "http://www.w3.org/1999/xhtml"
_FORMATTING = """
a abbr acronym area b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6
hr i img li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
"""
_HARMLESS = """
abbr accesskey align alt axis border cellpadding cellspacing char charoff charset cite class colspan coords
dir frame headers height href hreflang id ismap lang longdesc name nohref nowrap rel rev rowspan rules scope
shape span src start style summary tabindex title type usemap valign value width
"""
_ELEMENTS = frozenset(_FORMATTING.split())
_ATTRIBUTES = frozenset(_HARMLESS.split())
_ADDRESSES = frozenset(("href", "src", "cite", "longdesc", "usemap"))
_HARMFUL = re.compile(r"^[\s\x00-\x20]*(?:javascript|vbscript|data(?!:image/))[\s\x00-\x20]*:", re.IGNORECASE)
_HARMFUL_STYLE = re.compile(r"expression\s*\(|javascript:|@import|behavior\s*:|url\s*\(", re.IGNORECASE)


class _Unfit(Exception):
    """The narrative is not one R4 allows, for this reason."""


class _Reader:
    """Follows the parser through a narrative, refusing what does not belong there."""

    def __init__(self) -> None:
        self.depth = 0
        self.content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, element = name.rpartition(" ")
        if namespace != XHTML:
            raise _Unfit(f'must be XHTML: a <div xmlns="{XHTML}">')
        if self.depth == 0 and element != "div":
            raise _Unfit("must begin with one <div>")
        if element not in _ELEMENTS:
            raise _Unfit(f"may not hold the element {shown(element, 'used here')}, only plain formatting")
        self.depth += 1
        self.content = self.content or element == "img"
        for attribute, value in attributes.items():
            self.attribute(attribute.rpartition(" ")[2], value)

    def attribute(self, name: str, value: str) -> None:
        if name not in _ATTRIBUTES:
            raise _Unfit(f"may not carry the attribute {shown(name, 'used here')}")
        if name in _ADDRESSES and _HARMFUL.match(value):
            raise _Unfit(f"may not run or load anything through {name}")
        if name == "style" and _HARMFUL_STYLE.search(value):
            raise _Unfit("may not run or load anything through style")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def text(self, data: str) -> None:
        self.content = self.content or bool(data.strip())

    def declaration(self, *_said: object) -> None:
        raise _Unfit("may not declare a document type or processing instruction")


def complaint(div: str) -> tuple[str, str] | None:
    """The invariant a narrative breaks and what is wrong with it (txt-1, txt-2); None: nothing."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.declaration
    parser.ProcessingInstructionHandler = reader.declaration
    parser.XmlDeclHandler = reader.declaration
    try:
        parser.Parse(div.encode("utf-8", "replace"), True)
    except _Unfit as problem:
        return "txt-1", f"the narrative {problem}"
    except expat.ExpatError as problem:
        return "txt-1", f"the narrative is not well-formed XHTML: {expat.ErrorString(problem.code)}"
    if not reader.content:
        return "txt-2", "the narrative must say something: text or an image"
    return None
