"""The question about people who are not stored: whether they would be eligible for the study."""

from dataclasses import replace
from typing import Final

from app.fhir_mapping.operation import OperationParameter
from app.fhir_mapping.trial_parameters import LANG, ON, VIEW, of_study

CHECK_ELIGIBILITY: Final = replace(
    of_study(
        "$check-eligibility",
        "Would these people be eligible?",
        "Judges the people of a Bundle by the study's protocol and stores nothing: each ResearchSubject of"
        " the study, and each Patient without one. Entries are looked at as a write would, and may refer to"
        " each other by their fullUrl. Send the Bundle itself, or Parameters with the part `bundle`. It"
        " supports the investigator's decision.",
        answer="One parameter `result` per person, named by them, with its verdict, criteria and evidence.",
    ),
    methods=("POST",),
    parameters=(
        OperationParameter(
            name="bundle", kind="Resource", about="The Bundle with what is known of the candidates."
        ),
        OperationParameter(
            name="population",
            kind="code",
            about="By whose criteria they are judged where these are not those of who is treated, such as"
            " donor; else that of the arm a ResearchSubject is assigned to.",
        ),
        ON,
        VIEW,
        LANG,
    ),
)
