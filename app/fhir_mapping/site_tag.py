"""The tag that says which site a resource comes from, put into the bytes that were sent."""

from collections.abc import Sequence
from dataclasses import replace

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.extensions import SITE
from app.fhir_mapping.outcome import Issue, Refusal, refusal

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


def untagged(put: Put, sites: Sequence[str]) -> Refusal:
    """422: it is not known of which of the sites of its client this is."""
    text = (
        f"say of which site this is: meta.security with the system {SITE} and the code {' or '.join(sites)}"
    )
    return refusal(422, "required", text, _place(put))


def _place(put: Put) -> str:
    return f"{put.where or put.resource.name}.{PLACE}"
