"""The one way in: from the bytes a client sent to a write that may be done, or every reason why not."""

from dataclasses import dataclass, replace

from app.fhir_mapping import check, codec, patches, rewriting, shape
from app.fhir_mapping.change import Patch, Put
from app.fhir_mapping.desk import Desk
from app.fhir_mapping.identifying import identifying
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.national_numbers import is_told
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.patches import Amend
from app.fhir_mapping.push import Message
from app.fhir_mapping.resource import Document, Resource
from app.fhir_mapping.stripping import Stripped, stripped

NOBODY = Desk()
"""The desk where nobody is registered."""
NOTHING = Message()
"""The message of what is not sent by a registered sender."""
_TOLD_BY = (
    "this is another result of its sender's: what arrives again is told by the sender's identifier and the"
    " code it chose, so that these stay; to take it out of use, give it the status entered-in-error"
)


@dataclass(frozen=True, slots=True)
class Intake:
    """What this deployment takes; `identifying_data` is its policy, `years` that births are told by years.

    What registered senders push is taken in at the `desk`, as part of a `message`; `base` is our own address.
    """

    identifying_data: str
    years: bool = False
    desk: Desk = NOBODY
    message: Message = NOTHING
    base: str = ""

    def put(
        self,
        resource: Resource,
        raw: bytes,
        *,
        id: str,  # noqa: A002 FHIR calls it so
        where: str | None = None,
    ) -> Put:
        """What stores these bytes: 400 where they are not R4, 422 where this trial minds them.

        `where` is the place in a Bundle, whose references are looked at there.
        """
        sent = Stripped(raw, check.checked(resource.name, raw, where))
        if self.identifying_data == "strip":
            sent = stripped(resource.name, sent.document, raw, years=self.years)
        if where is None:
            _refuse_unresolved(resource, sent.document, sent.raw)
        unwelcome = self.review(resource, sent.document, sent.raw)
        if unwelcome:
            raise Refusal(422, tuple(unwelcome))
        remarks = sent.left_out
        if remarks and where is not None:
            remarks = Refusal(200, remarks).within(resource.name, where).issues
        put = Put(
            resource=resource, id=id, raw=sent.raw, document=sent.document, where=where, remarks=remarks
        )
        return self.desk.take(put, self.message, base=self.base)

    def review(self, resource: Resource, document: Document, raw: bytes) -> list[Issue]:
        """What R4 allows and this deployment does not: identifying data, and what the trial cannot use."""
        found = list(resource.review(document))
        if shape.is_subsetted(document):
            found.append(_subsetted(resource))
        if self.identifying_data == "refuse":
            found += identifying(resource.name, document, raw, years=self.years)
        return found

    def around(self, bundle: Document) -> tuple[Issue, ...]:
        """What identifies a patient in a Bundle around its resources: addresses, names, its own number."""
        if self.identifying_data == "accept":
            return ()
        found = identifying("Bundle", bundle, codec.write(bundle))
        told = is_told(self.message.number)
        if told is None:
            return found
        return (Issue("business-rule", f"the number of the message: {told}", "Bundle.identifier"), *found)

    def kept(self, bundle: bytes) -> bytes:
        """A Bundle whose entries may all be stored, as it may be kept until they are."""
        if self.identifying_data != "strip":
            return bundle
        return stripped("Bundle", codec.read(bundle), bundle, years=self.years).raw

    def amended(self, resource: Resource, amend: Amend, *, id: str, where: str | None = None) -> Patch:  # noqa: A002
        """What changes a resource by an amendment; its result is looked at as any other body is."""

        def become(name: str, stored: bytes) -> Put:
            try:
                return self._result(resource, stored, patches.amended(stored, amend), id=name)
            except Refusal as refused:
                raise refused if where is None else patches.of_entry_said(refused, where) from None

        return Patch(resource=resource, id=id, become=become, where=where)

    def patch(self, resource: Resource, raw: bytes, *, id: str, where: str) -> Patch:  # noqa: A002
        """What changes a resource as an entry of a Bundle says: a Binary with a JSON Patch, or Parameters."""
        return self.amended(resource, patches.of_entry(raw, where), id=id, where=where)

    def _result(self, resource: Resource, before: bytes, raw: bytes, *, id: str) -> Put:  # noqa: A002
        """What stores a patched resource: 422 where it is none, for the patch itself was understood."""
        try:
            put = self.put(resource, raw, id=id)
            own = identity_of(self.desk.senders, codec.read(before))
            if own is not None and (put.push is None or put.push.identity != own):
                raise refusal(422, "business-rule", _TOLD_BY, f"{resource.name}.identifier")
            if put.push is None:
                return put
            return replace(put, push=replace(put.push, translated_again=True, registers=own is None))
        except Refusal as refused:
            said = (replace(one, text=f"after the patch: {one.text}") for one in refused.issues)
            raise Refusal(422, tuple(said)) from None


def updating(put: Put) -> Put:
    """The Put of an update: 400 unless the resource carries the id of the address it is sent to."""
    sent = put.document.get("id")
    if sent is not None and sent == put.id:
        return put
    said = "has no id" if sent is None else "has another id"
    named = f", {put.id!r}" if put.id else ""
    text = f"the resource {said}; to be stored here it must carry the id of the address{named}"
    raise refusal(400, "value", text, f"{put.resource.name}.id")


def _refuse_unresolved(resource: Resource, document: Document, raw: bytes) -> None:
    """400 for references only a transaction can resolve."""
    if not rewriting.may_be_open(raw):
        return
    issues = rewriting.unresolved(document, resource.name, called=())
    if issues:
        raise Refusal(400, tuple(issues))


def _subsetted(resource: Resource) -> Issue:
    text = (
        "this is tagged SUBSETTED: it may not be all there is, and what is left out would be lost; "
        "read the whole resource (without _summary and _elements) and change that"
    )
    return Issue("business-rule", text, f"{resource.name}.meta.tag")
