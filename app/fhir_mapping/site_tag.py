"""The tag that says which site a resource comes from, put into the bytes that were sent."""

from collections.abc import Sequence
from dataclasses import replace

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.extensions import SITE
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Document

PLACE = "meta.security"


def tagged(put: Put, site: str) -> Put:
    """The Put of the same resource with the tag of a site; every other byte stays as it was sent."""
    members = codec.members(put.raw)
    meta = codec.members(members["meta"]) if "meta" in members else {}
    tag = codec.write({"system": SITE, "code": site})
    own = codec.slices(meta["security"], PLACE) if "security" in meta else []
    meta["security"] = b"[%b]" % b",".join((*own, tag))
    members["meta"] = codec.joined(meta)
    raw = codec.joined(members)
    said = Issue("informational", f"tagged as of the site {site}", _place(put), severity="information")
    return replace(put, raw=raw, document=codec.read(raw), remarks=(*put.remarks, said))


def named(document: Document) -> set[str]:
    """The sites a resource says it is of; a code without the system of the sites is none."""
    security = document.get("meta", {}).get("security", ())
    return {tag["code"] for tag in security if tag.get("system") == SITE and "code" in tag}


def twice(put: Put) -> Refusal:
    """422: it says that it is of several sites."""
    text = f"a resource is of one site: leave one code of the system {SITE} in meta.security"
    return refusal(422, "business-rule", text, _place(put))


def foreign(put: Put, sites: Sequence[str]) -> Refusal:
    """422: it says that it is of a site that is not its writer's."""
    own = " or ".join(sites) or "of no site"
    text = f"it is of another site: leave the tag out, or put the system {SITE} and the code {own}"
    return refusal(422, "business-rule", text, _place(put))


def untagged(put: Put, sites: Sequence[str]) -> Refusal:
    """422: it is not known of which of the sites of its client this is."""
    text = (
        f"say of which site this is: meta.security with the system {SITE} and the code {' or '.join(sites)}"
    )
    return refusal(422, "required", text, _place(put))


def _place(put: Put) -> str:
    return f"{put.where or put.resource.name}.{PLACE}"
