"""What the benchmark sends: laboratory results as a hospital pushes them."""

from app.fhir_mapping import codec

PATIENTS = 200
PER_PATIENT = 50
CODES = ("4485-9", "4498-2", "718-7", "777-3", "6690-2")


def patient_id(number: int) -> str:
    """The id of a patient."""
    return f"bench-p{number % PATIENTS}"


def observation(number: int) -> bytes:
    """One result, about 1.3 kB as hospitals write them; digits and identifiers differ."""
    code = CODES[number % len(CODES)]
    day = f"20{18 + number % 7}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    return f"""{{"resourceType":"Observation","identifier":[{{"type":{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/v2-0203","code":"FILL"}}]}},"system":"urn:oid:1.2.250.1.0.99.1",
"value":"L{number:012d}"}}],"status":"final","category":[{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}}]}}],
"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}},{{"system":"urn:oid:1.2.250.1.0.99.2",
"code":"LOC{code}","userSelected":true}}],"text":"as the laboratory calls it"}},
"subject":{{"reference":"Patient/{patient_id(number)}"}},"effectiveDateTime":"{day}T08:05:00+02:00",
"issued":"{day}T10:12:00.000+02:00","performer":[{{"display":"Laboratoire de biologie"}}],
"valueQuantity":{{"value":{0.5 + number % 100 / 100:.2f},"unit":"g/L","system":"http://unitsofmeasure.org",
"code":"g/L"}},"interpretation":[{{"coding":[{{"system":
"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N"}}]}}],
"referenceRange":[{{"low":{{"value":0.90,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}},
"high":{{"value":1.80,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}}}]}}""".replace(
        "\n", ""
    ).encode()


def transaction(numbers: range) -> bytes:
    """A transaction of results."""
    entries = b",".join(
        b'{"resource":' + observation(number) + b',"request":{"method":"POST","url":"Observation"}}'
        for number in numbers
    )
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + entries + b"]}"


def patients() -> bytes:
    """A transaction that makes the patients."""
    entries = [
        {
            "resource": {"resourceType": "Patient", "id": patient_id(number), "gender": "female"},
            "request": {"method": "PUT", "url": f"Patient/{patient_id(number)}"},
        }
        for number in range(PATIENTS)
    ]
    return codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def filling(size: int) -> list[bytes]:
    """Transactions that give every patient results, under ids that are known."""
    bundles = []
    for start in range(0, PATIENTS * PER_PATIENT, size):
        entries = b",".join(
            b'{"resource":'
            + observation(number).replace(b"{", b'{"id":"%s",' % result_id(number).encode(), 1)
            + b',"request":{"method":"PUT","url":"Observation/%s"}}' % result_id(number).encode()
            for number in range(start, start + size)
        )
        bundles.append(b'{"resourceType":"Bundle","type":"transaction","entry":[' + entries + b"]}")
    return bundles


def result_id(number: int) -> str:
    """The id of a result that was filled in."""
    return f"bench-o{number}"


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """An HTTP request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/fhir+json\r\n"
    if body:
        head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
