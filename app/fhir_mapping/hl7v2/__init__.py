"""HL7 v2: an ORU^R01 of a laboratory becomes the FHIR documents it says, and an ACK tells what became of it.

Read in this order: `er7` (the text), `header` (who sends what), `oru` (the groups of the message),
`results` and `reports` (what they become), `transaction` (the Bundle that is stored), `ack` (the answer).
docs/hl7v2.md has the tables. Sources: HL7 Version 2.3 to 2.8, chapters 2, 4 and 7; https://build.fhir.org/ig/HL7/v2-to-fhir.
"""
