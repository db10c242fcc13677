"""What the door of HL7 v2 takes and answers, in the words of OpenAPI."""

from app.routers.fragments import Said
from app.routers.hl7v2 import MEDIA_TYPES, PATH

HL7_V2 = "HL7 v2"

EXAMPLE = r"""MSH|^~\&|GLIMS|CHU-B|TRIALBRIDGE|TRIAL|20220913101500||ORU^R01^ORU_R01|4711|P|2.5
PID|1||B-001^^^&2.999.2.3&ISO
OBR|1||L2209130817|IONO^Ionogramme^L|||202209130805|||||||||||||||20220913101200|||F
OBX|1|NM|2951-2^Sodium^LN||140|mmol/L^^UCUM|136-145|N|||F"""
_ABOUT = """One ORU^R01 (2.3 to 2.8.2) of a registered sender, told by MSH-3 and MSH-4. It is stored as a
transaction is: once, however often it is sent. docs/hl7v2.md has the mapping and every status."""
_ANSWERS = {
    "200": "AA: it is stored, or was before.",
    "202": "AA: it is parked; nothing is to be sent again.",
    "400": "AE: it cannot be read, or has no message in it.",
    "401": "AR: nobody signed in, or the token counts no more.",
    "403": "AR: MSH-3 and MSH-4 name no registered sender.",
    "408": "AR: it did not arrive in time; send it again.",
    "409": "AE: it contradicts what is stored, and is not newer.",
    "413": "AE: it is too large.",
    "415": "AR: another type, event, version or processing id.",
    "422": "AE: a field must be mended; ERR-2 says which.",
    "429": "AR: too much at once; send it again.",
    "503": "AR: the database is away; send it again.",
}


def paths() -> Said:
    """POST of a message."""
    text = {"schema": {"type": "string"}}
    return {
        PATH: {
            "post": {
                "operationId": "hl7v2",
                "summary": "Send results as HL7 v2",
                "description": _ABOUT,
                "tags": [HL7_V2],
                "requestBody": {"required": True, "content": {MEDIA_TYPES[0]: {**text, "example": EXAMPLE}}},
                "responses": {
                    status: {"description": about, "content": {MEDIA_TYPES[0]: text}}
                    for status, about in _ANSWERS.items()
                },
                "security": [{"smart": []}, {"bearer": []}],
            }
        }
    }
