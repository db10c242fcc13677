"""Translation: FHIR documents to trial records, trial answers to FHIR documents."""
