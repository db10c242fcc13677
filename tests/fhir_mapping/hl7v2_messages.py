"""ORU^R01 messages in the shapes several vendors' systems send. All synthetic: no hospital sent them.

What differs from vendor to vendor is what tripped readers before: versions, authorities, line ends, sets of
characters, where the LOINC code stands, texts in lines, and who numbers what.
"""

from app.fhir_mapping import codec
from app.fhir_mapping.hl7v2 import oru, transaction
from app.fhir_mapping.hl7v2.transaction import Standing, Transaction
from app.fhir_mapping.resource import Document
from app.fhir_mapping.sender import Sender, Senders

SUBJECTS = "https://trial.example/msc-sle-subject"
LAB = "urn:oid:1.2.250.1.0.99.1"
LOCAL = "urn:oid:1.2.250.1.0.99.2"

SENDER = Sender(
    name="lab",
    systems=(LAB,),
    code_systems=(LOCAL,),
    subject_system=SUBJECTS,
    applications=(
        "EPIC|EPICADT",
        "HNAM|CERNER",
        "GLIMS|CHU-NANTES",
        "MOLIS|LABO",
        "MIRTH|BRIDGE",
        "COBAS|CORE",
    ),
)
SENDERS = Senders.of([SENDER])

PID = "PID|1||014^^^msc-sle-subject"
MSH = "MSH|^~\\&|GLIMS|CHU-NANTES|TRIALBRIDGE|TRIAL|20240301101500||ORU^R01^ORU_R01|4711|P|2.5"
OBR = "OBR|1||L77^GLIMS|BIO^Biologie^L|||202403010805|||||||||||||||20240301101200|||F"


def message(*lines: str, msh: str = MSH, pid: str = PID) -> bytes:
    return "\r".join((msh, pid, *lines, "")).encode()


def result(obx: str, *below: str, obr: str = OBR) -> bytes:
    return message(obr, obx, *below)


def bundled(raw: bytes, standing: Standing | None = None, *, sender: Sender = SENDER) -> Transaction:
    return transaction.transaction(oru.read(raw, Senders.of([sender])), standing)


def resources(raw: bytes, kind: str = "Observation", *, sender: Sender = SENDER) -> list[Document]:
    """The resources of that type a message becomes."""
    bundle = codec.read(bundled(raw, sender=sender).raw)
    found = (one["resource"] for one in bundle.get("entry", []))
    return [one for one in found if one["resourceType"] == kind]


EPIC = (
    b"MSH|^~\\&|EPIC|EPICADT|TB|TRIAL|20240301101500-0500|LABUSER|ORU^R01^ORU_R01"
    b"|1234567|P|2.5.1|||AL|NE||UNICODE UTF-8\r"
    b"PID|1||E1000^^^EPIC^EPI~014^^^msc-sle-subject^PI||ZZTEST^MARIE^^^^^L"
    b"||19800101|F|||1 RUE X^^LYON^^69000^FRA\r"
    b"PV1|1|O|RHEUM^^^HOSP||||1234^MEDECIN^ALICE\r"
    b"ORC|RE|987654^EPC|24-060-00123^Beaker|||||||||1234^MEDECIN^ALICE\r"
    b"OBR|1|987654^EPC|24-060-00123^Beaker|LAB123^COMPLEMENT C3^EAP|||20240301080500-0500||||||||"
    b"Blood^^^Arm|1234^MEDECIN^ALICE||||||20240301094500-0500||Lab|F\r"
    b"OBX|1|NM|4485-9^Complement C3^LN^1230100450^C3^L"
    b"||71|mg/dL|90-180|L||A|F|||20240301080500-0500||||||||LAB\r"
    b"OBX|2|ST|5130-0^dsDNA Ab^LN^1230100451^ADNA^L||>200|[IU]/mL^^UCUM|<10|H|||F|||20240301080500-0500\r"
    b"NTE|1|L|Repeated and confirmed.\r"
)

CERNER = (
    b"MSH|^~\\&|HNAM^HNAM^L|CERNER^2.16.840.1.113883.3.1^ISO|TB|TRIAL|20240301101500||ORU^R01|Q123T456|P|2.3\r\n"
    b"PID|1|99|014^^^msc-sle-subject||TEST^PATIENT||19700101|M\r\n"
    b"ORC|RE|5550001^HNAM_ORDERID|2024060AB12^HNA_ACCN\r\n"
    b"OBR|1|5550001^HNAM_ORDERID|000002024060AB12^HNA_ACCN|CBC^CBC^L||20240301080000|20240301080500||||||||"
    b"Blood&Blood&L^^^Vein|||||||20240301090000||HEM|F\r\n"
    b"OBX|1|NM|WBC^WBC^L^6690-2^Leukocytes^LN|1|4.20|10^9/L|4.0-10.0|N|||F|||20240301080500\r\n"
    b"OBX|2|NM|PLT^Platelets^L|1|180|10^9/L|150-400||||P|||20240301080500\r\n"
)

GLIMS = (
    "MSH|^~\\&|GLIMS|CHU-NANTES|TRIALBRIDGE|TRIAL|20240301101500||ORU^R01^ORU_R01|4711|P|2.5^FRA^2.5|||||FRA|8859/1\r"
    "PID|1||014^^^msc-sle-subject^PI~8001234^^^CHU&1.2.250.1.71.4.2.1&ISO^PI"
    "||ÉTEST^HÉLÈNE^^^MME||19801231|F\r"
    "ORC|RE|P77^DXCARE|L2109140817\r"
    "OBR|1|P77^DXCARE|L2109140817^GLIMS|COMP^Complément^L|||202403010805|||||||||||||||20240301101200||LAB|F\r"
    "NTE|1||Prélèvement conforme\r"
    "OBX|1|NM|C3N^C3 néphélémétrie^L^4485-9^Complement C3^LN||0.71|g/L^^L|0.9-1.8|L|||C\r"
    "NTE|1||Corrigé après contrôle\r"
    "NTE|2||Échantillon \\R\\ dilué\r"
    "OBX|2|SN|CH50^CH50^L||<^10|UI/mL|>60|LL~A|||F\r"
    "OBX|3|NM|CREA^Créatininémie^L||62|µmol/l^^L|45-84|N|||F\r"
    "OBX|4|ED|PDF^Compte rendu^L||^application^pdf^Base64^QUJD||||||F\r"
    "SPM|1|^S998||SER^Sérum^HL70487|||||||||||||20240301080500|20240301083000\r"
).encode("latin-1")

MOLIS = (
    "MSH|^~\\&|MOLIS|LABO|TB|TRIAL|20240301101500||ORU^R01|M1|P|2.3.1||||||8859/15\n"
    "PID|||014\n"
    "OBR|1||24030112|URI^Urines^L|||20240229080000|20240301080000||||||||URINE|||||||20240301110000|||P\n"
    "OBX|1|NM|PU24^Protéinurie^L||0.52|g/24h|<0.15|H|||F\n"
    "OBX|2|TX|CYTO^Cytologie^L||Rares leucocytes,||||||P\n"
    "OBX|3|TX|CYTO^Cytologie^L||pas d'hématie.||||||P\n"
).encode("iso8859-15")

MIRTH = (
    b"MSH$%~!@$MIRTH$BRIDGE$TB$TRIAL$20240301$$ORU%R01$M77$P$2.4\r"
    b"PID$1$$014%%%msc-sle-subject\r"
    b"OBR$1$$A%1$ANA%ANA%99LOC$$$2024030108\r"
    b"OBX$1$CWE$ANA%ANA%99LOC$$HOM%Homogeneous%99LOC~SPK%Speckled%99LOC$$$$$$F\r"
    b"OBX$2$SN$TIT%Titre%99LOC$$>%1%:%80$$$$$$F\r"
    b"ZZZ$1$anything\r"
)

COBAS = (
    b"MSH|^~\\&|COBAS|CORE||TRIAL|20240301101500||ORU^R01^ORU_R01|c-1|P|2.5.1||||NE|||ASCII\r"
    b"PID|1||014^^^msc-sle-subject\r"
    b"OBR|1||0000471100|^^^CRP|||20240301101000\r"
    b"OBX|1|NM|CRP^^99ROC||<0.60|mg/L^^99ROC||L|||F|||20240301101100|||||20240301101455+0100\r"
)
