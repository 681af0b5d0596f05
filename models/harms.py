"""Harms and burdens of surgery, as the trial counted them.

Intervals of proportions are exact and computed from the counts (`models.proportions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from models.evidence import Figure, figure
from models.language import N_, _, current_language, joined
from models.outcomes import ARMS, PTR, SYSTEMIC_THERAPY
from models.proportions import clopper_pearson
from models.rounding import for_machines

#: The level of every interval among the harms.
LEVEL = 0.95

#: What stands on figures about patients chosen by what surgery brought.
AFTER_SURGERY = N_("After surgery; not an effect of surgery.")


@dataclass(frozen=True)
class Harm:
    """One harm or burden.

    Attributes
    ----------
    text : str
        What the figures are.
    sentence : str
        The figures in a sentence; each name in braces is one of `told`.
    counts : dict of str
        Evidence rows of proportions, by the arm that they are about.
    ratio, minutes : str or None
        An evidence row of a hazard ratio, and of a duration.
    stamp : str
        What must be read with it, or ``""``.
    quote : str
        The authors' own words, given as theirs, or ``""``; `sentence` then tells their basis.
    told : dict of str
        Evidence rows that the sentence tells, by name.
    """

    code: str
    text: str
    sentence: str
    counts: Mapping[str, str] = field(default_factory=dict)
    ratio: str | None = None
    minutes: str | None = None
    stamp: str = ""
    quote: str = ""
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of the evidence rows behind it."""
        own = [*self.counts.values(), self.ratio, self.minutes, *self.told.values()]
        return tuple(dict.fromkeys(name for name in own if name is not None))

    @property
    def place(self) -> str:
        """Where the figures stand in the paper."""
        return "; ".join(dict.fromkeys(figure(name).place for name in self.evidence))

    def in_words(self) -> str:
        """Return the figures in sentences, each interval with its level, and the stamp."""
        told = {name: _words(figure(row)) for name, row in self.told.items()}
        return joined(_(self.sentence).format_map(told), _(self.stamp))

    def as_dict(self) -> dict[str, object]:
        """Return the harm as it stands in an answer: made once, and not to be changed."""
        return _answers(current_language())[self.code]


_MARGINS = "margins.positive"

HARMS: tuple[Harm, ...] = (
    Harm(
        "early_distant_progression",
        N_("Progression at metastatic sites three months after the decision."),
        N_(
            "Three months after the decision, metastases had progressed in {ptr} offered surgery "
            "and {none} not offered surgery."
        ),
        counts={arm: f"early_distant_progression.{arm}" for arm in ARMS},
        told={
            "ptr": f"early_distant_progression.{PTR}",
            "none": f"early_distant_progression.{SYSTEMIC_THERAPY}",
        },
    ),
    Harm(
        "complications_grade_2_or_more",
        N_("Early complications of surgery of grade 2 or more, among those operated on."),
        N_("Early complications of grade 2 or more: {share} operated on."),
        counts={PTR: "complications.grade_2_or_more"},
        told={"share": "complications.grade_2_or_more"},
    ),
    Harm(
        "complications_grade_3_or_more",
        N_("Early complications of surgery of grade 3 or more, among those operated on."),
        N_(
            "Early complications of grade 3 or more: {share} operated on. None was of grade 4, "
            "and no one died of the treatment."
        ),
        counts={PTR: "complications.grade_3_or_more"},
        told={"share": "complications.grade_3_or_more"},
    ),
    Harm(
        "positive_margins",
        N_("Positive surgical margins, among those operated on."),
        N_(
            "The margins were positive in {share} operated on. Re-excision and radiotherapy were "
            "not allowed."
        ),
        counts={PTR: _MARGINS},
        told={"share": _MARGINS},
    ),
    Harm(
        "local_recurrence_after_positive_margins",
        N_("Local recurrence after surgery, among those with positive margins."),
        N_("Of those with positive margins, {share} had local recurrence."),
        counts={PTR: f"{_MARGINS}.local_recurrence"},
        stamp=AFTER_SURGERY,
        told={"share": f"{_MARGINS}.local_recurrence"},
    ),
    Harm(
        "survival_after_positive_margins",
        N_("Overall survival with positive against negative margins, among those operated on."),
        N_("With positive margins survival was worse than with negative ones: {ratio}."),
        ratio="margins.os_hr",
        stamp=AFTER_SURGERY,
        told={"ratio": "margins.os_hr"},
    ),
    Harm(
        "declined_surgery",
        N_("Declined surgery, among those to whom it was offered."),
        N_("{share} to whom surgery was offered declined it."),
        counts={PTR: "surgery.declined"},
        told={"share": "surgery.declined"},
    ),
    Harm(
        "later_surgery",
        N_(
            "Surgery later to control local disease, among all who were not offered it. The "
            "denominator is the whole arm."
        ),
        N_(
            "{share} not offered surgery came to it later, counted among the whole arm. {early} "
            "had early surgery."
        ),
        counts={SYSTEMIC_THERAPY: "surgery.later"},
        told={"share": "surgery.later", "early": "surgery.early"},
    ),
    Harm(
        "later_surgery_without_early",
        N_(
            "Surgery later to control local disease, as the paper prints it. The denominator "
            "leaves out those operated on early: our reading, which gives the printed share."
        ),
        N_(
            "The paper prints {share}: the same patients among those not operated on early (our "
            "reading of its denominator)."
        ),
        counts={SYSTEMIC_THERAPY: "surgery.later.without_early"},
        told={"share": "surgery.later.without_early"},
    ),
    Harm(
        "operation_time",
        N_("Operation time of those operated on, median and range."),
        N_("The operation took a median of {minutes}."),
        minutes="surgery.operation_time",
        told={"minutes": "surgery.operation_time"},
    ),
    Harm(
        "authors_on_local_surgery",
        N_(
            "The authors' remark on who needs local surgery, and its basis: local complications "
            "by four years without an offer of surgery."
        ),
        N_(
            "Its basis, by four years and not offered surgery: bleeding in {bleeding}, ulceration "
            "in {ulceration} (shares of all patients). How many had either is not printed."
        ),
        quote="Local surgery should be recommended to avoid those symptoms, but 75% do not need "
        "local surgery.",
        told={
            "bleeding": f"bleeding.{SYSTEMIC_THERAPY}",
            "ulceration": f"ulceration.{SYSTEMIC_THERAPY}",
        },
    ),
)

#: Where the authors' remark stands.
_PLACE_OF_QUOTE = "Discussion"


@cache
def _answers(language: str) -> dict[str, dict[str, object]]:  # noqa: ARG001
    """Return the harms as they stand in an answer, by code; the language is the context's."""
    return {harm.code: _answer(harm) for harm in HARMS}


def _answer(harm: Harm) -> dict[str, object]:
    counts = {arm: _counts(figure(name)) for arm, name in harm.counts.items()}
    quoted = {"quote": harm.quote, "place_of_quote": _PLACE_OF_QUOTE} if harm.quote else {}
    return {
        "code": harm.code,
        **counts,
        **({} if harm.ratio is None else {"hazard_ratio": _ratio(figure(harm.ratio))}),
        **({} if harm.minutes is None else {"minutes": _minutes(figure(harm.minutes))}),
        "interval_level": LEVEL,
        "text": _(harm.text),
        "sentence": harm.in_words(),
        **({"stamp": _(harm.stamp)} if harm.stamp else {}),
        **quoted,
        "evidence": list(harm.evidence),
        "place": harm.place,
    }


def _counts(row: Figure) -> dict[str, object]:
    events, n, limits = _exact(row)
    return {
        "events": events,
        "n": n,
        "estimate": float(for_machines(np.asarray(row.estimate))),
        "interval": for_machines(np.asarray(limits)).tolist(),
    }


def _exact(row: Figure) -> tuple[int, int, tuple[float, float]]:
    """Return events, patients and exact limits of a proportion."""
    if row.events is None or row.n is None:
        raise ValueError(f"{row.id} has no counts")
    return row.events, row.n, clopper_pearson(row.events, row.n, LEVEL)


def _ratio(row: Figure) -> dict[str, object]:
    return {
        "estimate": row.estimate,
        "interval": list(row.interval or ()),
        "direction": row.direction,
    }


def _minutes(row: Figure) -> dict[str, object]:
    return {"median": row.estimate, "range": list(row.range or ())}


def _words(row: Figure) -> str:
    """Return a figure in words, with what it needs to be read right."""
    if row.kind == "proportion":
        events, n, limits = _exact(row)
        lower, upper = (f"{limit:.1%}" for limit in limits)
        share = f"{row.estimate:.1%}"
        words = _("{share} ({events} of {n}; {level} interval {lower} to {upper})")
        return words.format(
            share=share, events=events, n=n, level=f"{LEVEL:.0%}", lower=lower, upper=upper
        )
    if row.kind == "minutes":
        low, high = row.range or (0, 0)
        words = _("{median} minutes (range {low} to {high}; the unit is our reading)")
        return words.format(median=f"{row.estimate:g}", low=f"{low:g}", high=f"{high:g}")
    lower, upper = (f"{limit:.2f}" for limit in row.interval or ())
    words = _("hazard ratio {ratio} ({level} interval {lower} to {upper})")
    return words.format(
        ratio=f"{row.estimate:.2f}", level=f"{row.level:.0%}", lower=lower, upper=upper
    )
