"""Major and partial clinical response (RCM, RCP) by BILAG: what the protocol calls them and asks for."""

from app.protocol.words import Frozen, Sentence, Text


class ResponseText(Frozen):
    """The sentence of every condition of a response.

    "New" is a grade A that was none before, or a B after a C, D or E; "elsewhere" are the organ systems that
    were neither A nor B at inclusion.
    """

    active: Sentence
    clear: Sentence
    no_severe_flare: Sentence
    maintained: Sentence
    not_major: Sentence
    no_a: Sentence
    limited: Sentence
    at_most_one_b: Sentence
    no_new_a: Sentence
    no_new_b_elsewhere: Sentence
    reduced: Sentence
    at_most_two_b: Sentence
    nothing_new_elsewhere: Sentence
    severe_at_inclusion: Sentence
    sixteen_weeks: Sentence
    maintained_for_sixteen_weeks: Sentence
    maintained_with_one_b: Sentence
    maintained_with_two_b: Sentence


class Response(Frozen):
    """Clinical response: the visit it is compared with, and what the two definitions say.

    `week_24` and `week_52` are the visits that stand for those weeks in the definition of the EXPLORER
    trial. `objective` is the protocol's sentence for the visit that `response.highlighted` names.
    """

    reference: Text = "M0"
    week_24: Text = "M6"
    week_52: Text = "M12"
    major: Sentence
    partial: Sentence
    objective: Sentence
    text: ResponseText
    remarks: tuple[Sentence, ...] = ()

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits it names."""
        return (self.reference, self.week_24, self.week_52)
