"""The kinds of criterion about records of care: a diagnosis, a consent, why a treatment was stopped."""

from typing import Literal

from app.protocol.parts import Codes, Part, ShortCode
from app.protocol.questions import Exposure


class Diagnosed(Part):
    """A diagnosis is recorded as confirmed, and as active unless `ever`; an ICD-10 code stands for all below.

    A Condition says what there is, never what there is not: where none is recorded, it is not known.
    `excepted` do not count; `unclear` are codes too coarse to tell whether they are excepted.
    """

    kind: Literal["diagnosed"]
    codes: Codes
    excepted: tuple[ShortCode, ...] = ()
    unclear: tuple[ShortCode, ...] = ()
    ever: bool = False


class Consented(Part):
    """A Consent of the subject is in force, and of a day not after the first procedure of the study."""

    kind: Literal["consented"]


class StoppedFor(Exposure):
    """A treatment with one of the drugs is recorded as stopped, or changed, for one of these reasons."""

    kind: Literal["stopped-for"]
    reasons: Codes
