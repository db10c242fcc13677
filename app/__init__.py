"""Trialbridge: an open FHIR R4 service that connects hospitals to cell-therapy trials."""

__version__ = "0.1.0"
