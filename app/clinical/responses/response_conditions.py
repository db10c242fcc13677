"""The conditions of a clinical response, each answered with its evidence (clinical conventions §1.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.clinical.answers import Finding
from app.clinical.calendar import shifted
from app.clinical.case import Judged, joined, once
from app.clinical.responses.bilag_counts import Count, changes, grades_of, judged
from app.clinical.responses.course import Course, Step, Stretch, elsewhere, graded, step
from app.clinical.scores.bilag import New
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.response import ResponseText
from app.protocol.words import Sentence

SIXTEEN_WEEKS = 112


@dataclass(frozen=True)
class Conditions:
    """The protocol's sentences, and the course of the BILAG they are asked of."""

    text: ResponseText
    course: Course

    def active(self, *, required: bool) -> Finding:
        """Whether there was anything to respond: an A or a B at baseline, where that is required."""
        base = self.course.baseline
        if not required:
            return Judged(truth=Truth.YES, notes=("response.baseline_min = none",)).finding(
                "active-at-inclusion", self.text.active
            )
        quiet = Count(graded(base, "AB", self.course.systems), 0, (base.side,))
        return judged(~quiet.verdict, [quiet], observed=grades_of(base)).finding(
            "active-at-inclusion", self.text.active
        )

    def clear(self, label: str) -> Finding:
        """Whether every system is C, D or E at a visit."""
        return self._at(label, "every-system-c-or-better", self.text.clear, grades="AB", allowed=0)

    def no_a(self, label: str) -> Finding:
        """Whether no system is A at a visit."""
        return self._at(label, "no-a", self.text.no_a, grades="A", allowed=0)

    def no_severe_flare(self, since: Stretch) -> Finding:
        """Whether there was no new A and never two new B at once."""
        counts = [count for one in since.steps for count in (_of(one, one.a), _of(one, one.b, allowed=1))]
        return self._over(since, "no-severe-flare", self.text.no_severe_flare, counts)

    def maintained(self, late: Stretch) -> Finding:
        """Whether no A and no B was new up to week 52."""
        return self._over(late, "maintained", self.text.maintained, _all_new(late))

    def not_major(self, major: Iterable[Finding]) -> Finding:
        """Whether it is no major response."""
        found = tuple(major)
        still = [one for one in found if one.verdict is Truth.UNKNOWN]
        return Judged(
            truth=~all_of(one.verdict for one in found),
            reasons=once(reason for one in still for reason in one.reasons),
            needs=joined(one.needs for one in still),
        ).finding("no-major-response", self.text.not_major)

    def either(self, *branches: Finding) -> Finding:
        """Whether one of the ways to a partial response was taken; each is a part of the finding."""
        truth = any_of(branch.verdict for branch in branches)
        still = [one for one in branches if one.verdict is Truth.UNKNOWN]
        taken = tuple(f"by {one.id}" for one in branches if one.verdict is Truth.YES)
        return Finding(
            id="partial-response",
            verdict=truth,
            reasons=once(why for one in still for why in one.reasons) if truth is Truth.UNKNOWN else (),
            needs=joined(one.needs for one in still) if truth is Truth.UNKNOWN else None,
            evidence=once(source for one in branches for source in one.evidence),
            notes=taken,
            parts=branches,
        )

    def limited(self, label: str, since: Stretch) -> Finding:
        """At most one B, no new A, and no new B in a system that was quiet at baseline."""
        return _branch(
            "at-most-one-b",
            self.text.limited,
            self._at(label, "one-b", self.text.at_most_one_b, grades="B", allowed=1),
            self._over(since, "no-new-a", self.text.no_new_a, [_of(one, one.a) for one in since.steps]),
            self._over(
                since,
                "no-new-b-elsewhere",
                self.text.no_new_b_elsewhere,
                [_of(one, elsewhere(one.b, self.course.baseline)) for one in since.steps],
            ),
        )

    def reduced(self, label: str, since: Stretch) -> Finding:
        """At most two B after a severe baseline, and nothing new in a system that was quiet then."""
        return _branch(
            "at-most-two-b",
            self.text.reduced,
            self._at(label, "two-b", self.text.at_most_two_b, grades="B", allowed=2),
            self._nothing_elsewhere(since, since.steps),
            self.severe_at_inclusion,
        )

    def for_sixteen_weeks(self, half: str, end: str, *, today: date) -> Finding:
        """C or better in every system at week 24, and nothing new in the sixteen weeks after."""
        stretch = self.course.between(half, end, days=SIXTEEN_WEEKS)
        kept = self._over(stretch, "sixteen-weeks", self.text.sixteen_weeks, _all_new(stretch))
        until = shifted(self.course.t0.day, self.course.at(half).day + SIXTEEN_WEEKS)
        if kept.verdict is Truth.YES and today <= until:
            pending = Judged(
                truth=Truth.UNKNOWN, reasons=("window-open",), needs=f"the BILAG up to {until.isoformat()}"
            )
            kept = pending.finding(kept.id, self.text.sixteen_weeks)
        return _branch(
            "clear-for-sixteen-weeks", self.text.maintained_for_sixteen_weeks, self.clear(half), kept
        )

    def with_one_b(self, half: str, late: Stretch) -> Finding:
        """No A and at most one B at week 24, and nothing new up to week 52."""
        return _branch(
            "one-b-maintained",
            self.text.maintained_with_one_b,
            self.no_a(half),
            self._at(half, "one-b", self.text.at_most_one_b, grades="B", allowed=1),
            self.maintained(late),
        )

    def with_two_b(self, half: str, late: Stretch) -> Finding:
        """No A and at most two B at week 24 after a severe baseline, and neither in a quiet system after."""
        base = self.course.baseline
        points = (self.course.at(half), *(one.point for one in late.steps))
        steps = [step(point, base, self.course.systems) for point in points]
        return _branch(
            "two-b-maintained",
            self.text.maintained_with_two_b,
            self.no_a(half),
            self._at(half, "two-b", self.text.at_most_two_b, grades="B", allowed=2),
            self._nothing_elsewhere(late, steps),
            self.severe_at_inclusion,
        )

    @cached_property
    def severe_at_inclusion(self) -> Finding:
        """One A with two B or more at baseline, or two A or more, or four B or more."""
        base = self.course.baseline
        a, b = (graded(base, grade, self.course.systems) for grade in "AB")
        truth = any_of((~a.at_most(1), ~b.at_most(3), ~a.at_most(0) & ~b.at_most(1)))
        counts = [Count(a, 1, (base.side,))]
        said = judged(truth, counts, observed=f"{a} A, {b} B")
        return said.finding("severe-at-inclusion", self.text.severe_at_inclusion)

    def _nothing_elsewhere(self, stretch: Stretch, steps: Sequence[Step]) -> Finding:
        base = self.course.baseline
        counts = [_of(one, elsewhere(new, base)) for one in steps for new in (one.a, one.b)]
        return self._over(stretch, "nothing-new-elsewhere", self.text.nothing_new_elsewhere, counts)

    def _at(self, label: str, name: str, text: Sentence, *, grades: str, allowed: int) -> Finding:
        """How many systems are graded so at one visit."""
        point = self.course.at(label)
        count = Count(graded(point, grades, self.course.systems), allowed, (point.side,))
        said = judged(count.verdict, [count], observed=grades_of(point), threshold=f"<= {allowed}")
        return said.finding(name, text)

    def _over(self, stretch: Stretch, name: str, text: Sentence, counts: Sequence[Count]) -> Finding:
        """How many systems became so over a stretch; an assessment of a vague date leaves it open."""
        verdict = all_of(count.verdict for count in counts)
        if verdict is Truth.YES and stretch.vague:
            vague = tuple(item.source for item in stretch.vague)
            needs = f"the exact day of {' and '.join(map(str, vague))}"
            return Judged(
                truth=Truth.UNKNOWN, reasons=("partial-date",), needs=needs, evidence=vague
            ).finding(name, text)
        return judged(verdict, counts, observed=changes(counts)).finding(name, text)


def _of(one: Step, new: New, *, allowed: int = 0) -> Count:
    return Count(new, allowed, (one.reference.side, one.point.side))


def _all_new(stretch: Stretch) -> list[Count]:
    return [count for one in stretch.steps for count in (_of(one, one.a), _of(one, one.b))]


def _branch(name: str, text: Sentence, *parts: Finding) -> Finding:
    """A way to a partial response: all of its parts."""
    truth = all_of(part.verdict for part in parts)
    still = [part for part in parts if part.verdict is Truth.UNKNOWN]
    return Judged(
        truth=truth,
        reasons=once(reason for part in still for reason in part.reasons),
        needs=joined(part.needs for part in still),
        evidence=once(source for part in parts for source in part.evidence),
    ).finding(name, text, parts)
