"""Write docs/reference.md: what may be asked of each type, drawn from the declarations the server runs by.

python -m tools.reference
"""

from collections.abc import Iterator
from pathlib import Path

from app.fhir_mapping import (
    check,
    codec,
    fhirpath,
    index_values,
    json_pointer,
    patching,
    query,
    search_bounds,
    search_controls,
    search_names,
    walk,
)
from app.fhir_mapping.definitional import canonical
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.operations import OPERATIONS, served
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.search_includes import includable
from app.fhir_mapping.served import SERVED
from app.fhir_mapping.standard import LEFT_OUT
from app.routers import requests
from app.store import includes

TARGET = Path(__file__).parent.parent / "docs" / "reference.md"

BOUNDS = {
    "levels of nesting in a body": codec.DEEPEST,
    "commas in a body, which count its values": codec.MOST_VALUES,
    "commas in one resource": check.MOST_VALUES,
    "bytes of a form": requests.LONGEST_FORM,
    "digits of a number, and its exponent": codec.MOST_DIGITS,
    "problems listed in one answer": walk.MOST_ISSUES,
    "parameters of one search": search_bounds.MOST_PARAMETERS,
    "characters of a parameter's name with its chain": search_bounds.LONGEST_NAME,
    "values compared in one search; a quantity counts once for each unit it is looked for in": (
        search_bounds.MOST_VALUES
    ),
    "conditions of one search, with the references their chains follow": search_bounds.MOST_STEPS,
    "references a chain follows": search_names.MOST_CHAINED,
    "`_has` within each other": search_names.MOST_REVERSED,
    "`_include` and `_revinclude` of one search": search_controls.MOST_INCLUDES,
    "keys of `_sort`": query.MOST_SORT_KEYS,
    "elements named in `_elements`": search_bounds.MOST_ELEMENTS,
    "matches or versions on a page (`_count` is cut to it)": search_controls.LARGEST_COUNT,
    "resources included on a page (what is left out is said)": includes.MOST_INCLUDED,
    "rounds of `:iterate`": includes.DEEPEST,
    "characters of a code or identifier that is searched by": index_values.LONGEST,
    "operations of a patch": patching.MOST_OPERATIONS,
    "characters of a FHIRPath in a patch": fhirpath.LONGEST,
    "characters of a JSON Pointer": json_pointer.LONGEST,
}
"""Every bound of a request that is the same for all deployments."""

HEAD = """# Reference

Drawn from the declarations the server runs by (`python -m tools.reference`); the same stands in
`GET [base]/metadata`, and each parameter and operation is a resource of its own: `GET
[base]/SearchParameter`, `GET [base]/OperationDefinition`. Parameters marked *ours* are not in R4.

Every search also takes `_count` (0 to 1000), `_sort` (several keys, `-` for descending), `_total`,
`_summary`, `_elements`, `_include`, `_revinclude`, `_has`, `_format`, `_pretty` and `_explain`; chains
reach four steps far.
"""


def text() -> str:
    """The page."""
    types = "\n".join(line for resource in RESOURCES.values() for line in _type(resource))
    read_only = "\n".join(
        line for one in SERVED.values() for line in (*_heading(one.resource), *_searched(one.resource))
    )
    left_out = "\n".join(f"- `{name}`: {reason}" for name, reason in LEFT_OUT.items())
    parts = (
        HEAD,
        types,
        f"# Parameters of R4 that are not served\n\n{left_out}\n",
        f"# What the server says of itself\n\n{read_only}",
        "# Operations\n\n" + "\n".join(_operations()),
        f"# Bounds\n\n{_bounds()}",
    )
    return "\n".join(parts)


def _heading(resource: Resource) -> Iterator[str]:
    yield f"## {resource.name}"
    yield ""
    yield f"{resource.about.strip().partition(chr(10))[0]}"
    yield ""
    yield f"Interactions: {', '.join(f'`{name}`' for name in resource.interactions)}."
    yield ""


def _searched(resource: Resource) -> Iterator[str]:
    yield "| Parameter | Kind | Finds by |"
    yield "|---|---|---|"
    for parameter in resource.search:
        ours = "" if canonical(resource, parameter).startswith("http://hl7.org/") else " (*ours*)"
        about = parameter.about.replace("|", "\\|")
        yield f"| `{parameter.name}`{ours} | {parameter.kind} | {about} |"
    yield ""


def _type(resource: Resource) -> Iterator[str]:
    yield from _heading(resource)
    yield from _searched(resource)
    followed = includable(resource)
    if followed:
        yield f"`_include`: {', '.join(f'`{name}`' for name in followed)}."
        yield ""
    asked = served(resource.name)
    if asked:
        yield f"Operations: {', '.join(f'`{operation.name}`' for operation in asked)}."
        yield ""


def _bounds() -> str:
    """What is beyond them is answered with an OperationOutcome that names the bound."""
    rows = "\n".join(f"| {what} | {most:,} |" for what, most in BOUNDS.items())
    return f"""Beyond a bound the answer is an OperationOutcome that names it (`too-costly` or `too-long`; 413
for a body and for the entries of a Bundle, 400 otherwise). Those a deployment sets are in
[settings.md](settings.md).

| Bound | At most |
|---|---|
{rows}
"""


def _operations() -> Iterator[str]:
    for operation in OPERATIONS:
        yield f"## {operation.name}"
        yield ""
        yield f"**{operation.title}.** {operation.about}"
        yield ""
        where = [f"`{' or '.join(operation.methods)} {address}`" for address in _addresses(operation)]
        yield f"Asked at {', '.join(where)}. Answers {operation.returns}: {operation.answer}"
        yield ""
        if operation.parameters:
            yield "| Parameter | Type | Meaning |"
            yield "|---|---|---|"
            for parameter in operation.parameters:
                yield f"| `{parameter.name}` | {parameter.kind} | {parameter.about} |"
            yield ""


def _addresses(operation: Operation) -> Iterator[str]:
    """Where it is asked; of the types by one shape where there are many."""
    if not operation.resources:
        yield f"[base]/{operation.name}"
    few = len(operation.resources) <= 2
    for name in operation.resources if few else ("{type}",):
        for level in operation.levels:
            yield f"[base]/{name}{'/{id}' if level == 'instance' else ''}/{operation.name}"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
    print(TARGET.name)
