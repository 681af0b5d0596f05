"""Why each subgroup stands beside a patient, and what it is worth: as values and in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.bundle import Bundle
from models.caveats import Case, Caveat, caveats_for
from models.covariates import FIELDS
from models.eligibility import check_eligibility
from models.evidence import figure, pairs
from models.evidence.consistency import consistency_text, ratio_text
from models.evidence.credibility import (
    INSTRUMENT,
    OUR_ASSESSMENT,
    RATING_LABELS,
    STRATEGY,
    Assessment,
    assessment_of,
)
from models.language import N_, _, joined
from models.options import Options
from models.patient import Patient
from models.subgroups import Shrunken, SubgroupEvidence, all_subgroups, subgroups_of
from service.wrapping import wrapped

_WIDTH = 96
_WHOLE = ("os.hr.stratified", "os.hr.unstratified")
_NOT_TO_MULTIPLY = N_(
    "Subgroups overlap: their ratios must not be multiplied, and none of them is her own ratio. "
    "The figures of a prediction use the whole trial's effect."
)
#: What must stand wherever a bundle's own ratios do: what it learned from.
_TRAINING_CAVEATS = ("synthetic_training_data", "cohort_training_data", "recalibrated_on_cohort")
_OUT_OF_SCOPE = N_("The trial does not speak about this patient; no subgroup of it is shown.")


def explained(
    patient: Patient, bundle: Bundle | None, assumptions: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the evidence on each subgroup that a patient belongs to.

    Parameters
    ----------
    bundle : Bundle or None
        Whose shrunken ratios stand beside the raw ones.
    assumptions : mapping, optional
        A reader's answers in place of ours, as `models.evidence.credibility.read_assumptions`.
    """
    eligibility = check_eligibility(patient)
    rows = subgroups_of(patient) if eligibility.in_scope else ()
    return {
        "status": "ok" if eligibility.in_scope else "out_of_scope",
        "inputs": patient.as_inputs(),
        "reasons": [note.as_dict() for note in eligibility.reasons],
        "not_known": list(_not_known(patient)) if eligibility.in_scope else [],
        "subgroups": [_subgroup(row, patient, bundle, assumptions) for row in rows],
        "caveats": [each.as_dict() for each in _training_caveats(patient, bundle)] if rows else [],
    }


def explanation(
    patient: Patient, bundle: Bundle | None, assumptions: Mapping[str, str] | None = None
) -> str:
    """Return the same in plain text.

    Parameters
    ----------
    bundle, assumptions
        As `explained`.
    """
    return "\n".join(_lines(patient, bundle, assumptions or {})) + "\n"


def assessments_text(assumptions: Mapping[str, str] | None = None) -> str:
    """Return the two rated pairs with their questions and answers, in plain text.

    Parameters
    ----------
    assumptions : mapping, optional
        As `explained`.
    """
    lines: list[str] = []
    for pair in pairs():
        assessment = assessment_of(pair.id, assumptions)
        if assessment.answers:
            lines += [_(pair.label), *_rating_lines(assessment)]
    return "\n".join(lines) + "\n"


def _lines(
    patient: Patient, bundle: Bundle | None, assumptions: Mapping[str, str]
) -> Iterator[str]:
    eligibility = check_eligibility(patient)
    if not eligibility.in_scope:
        yield from _wrapped(_(_OUT_OF_SCOPE))
        for note in eligibility.reasons:
            yield from _wrapped(f"- {note.text}")
        return
    yield from _wrapped(_whole_text())
    yield from _wrapped(_(_NOT_TO_MULTIPLY))
    for row in subgroups_of(patient):
        yield ""
        yield _heading(row, patient)
        yield from _subgroup_lines(row, bundle, assumptions)
    for caveat in _training_caveats(patient, bundle):
        yield ""
        yield from _wrapped(caveat.text)
    unknown = [_(each.label) for each in pairs() if each.id in _not_known(patient)]
    if unknown:
        yield ""
        text = _("Not known, so she is counted to neither side: {pairs}.")
        yield from _wrapped(text.format(pairs=_("; ").join(unknown)))


def _training_caveats(patient: Patient, bundle: Bundle | None) -> tuple[Caveat, ...]:
    """Return what a bundle learned from, where its shrunken ratios are shown."""
    if bundle is None or not any(row.shrunken(bundle) for row in subgroups_of(patient)):
        return ()
    told = caveats_for(Case(patient, bundle, Options()))
    return tuple(each for each in told if each.code in _TRAINING_CAVEATS)


def _subgroup_lines(
    row: SubgroupEvidence, bundle: Bundle | None, assumptions: Mapping[str, str]
) -> Iterator[str]:
    group = row.subgroup
    trial = _(
        "Trial, a prespecified subgroup: {ratio}; {deaths} deaths among {n} patients."
    ).format(ratio=ratio_text(group), deaths=group.events, n=group.size)
    yield from _wrapped(trial, 2)
    yield from _wrapped(_(group.note), 2)
    yield from _wrapped(_interaction_text(row), 2)
    assessment = assessment_of(row.pair.id, assumptions)
    yield from (f"  {line}" for line in _rating_lines(assessment))
    yield from _wrapped(consistency_text(row.pair), 2)
    shrunken = row.shrunken(bundle) if bundle else None
    if shrunken is not None:
        yield from _wrapped(_shrunken_text(shrunken), 2)


def _whole_text() -> str:
    stratified, unstratified = map(figure, _WHOLE)
    return _(
        "Whole trial, overall survival, surgery / no surgery: {primary} in the primary analysis, "
        "one-sided p {p:.2g}; {other} unstratified, the one to compare subgroups with."
    ).format(primary=ratio_text(stratified), p=stratified.p, other=ratio_text(unstratified))


def _heading(row: SubgroupEvidence, patient: Patient) -> str:
    name, _values = row.membership
    derived = " " + _("(follows from her other values)") if name in patient.derived else ""
    because = _("{label}: {value}").format(
        label=_(FIELDS[name].label), value=_shown(patient.values[name], name)
    )
    return f"{_(row.subgroup.label)} [{because}]{derived}"


def _shown(value: object, name: str) -> str:
    """Return a value in the words of its field."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    words = {choice.value: choice.label for choice in getattr(FIELDS[name], "choices", ())}
    return _(words.get(value, str(value)))


def _interaction_text(row: SubgroupEvidence) -> str:
    found, (first, second) = row.interaction, row.pair.subgroups
    text = _(
        "Interaction, {first} over {second}: ratio {ratio:.2f} ({level:.0%} interval {lower:.2f} "
        "to {upper:.2f}), p {p:.2g}; over the eight pairs {holm:.2g} by Holm, {bonferroni:.2g} by "
        "Bonferroni."
    )
    return text.format(
        first=_(first.label),
        second=_(second.label),
        ratio=found.ratio,
        level=found.level,
        lower=found.interval[0],
        upper=found.interval[1],
        p=found.p,
        holm=found.p_holm,
        bonferroni=found.p_bonferroni,
    )


def _rating_lines(assessment: Assessment) -> Iterator[str]:
    if not assessment.answers:
        text = _("Credibility: not rated, because p is above 0.1. {advice}")
        yield from _wrapped(text.format(advice=assessment.advice))
        return
    yield from _wrapped(_rating_text(assessment))
    found = assessment.with_answers()["answers"]
    for answer in found if isinstance(found, list) else []:
        place = f" [{answer['source']}: {answer['place']}]" if answer["place"] else ""
        said = answer["answer_text"][0].upper() + answer["answer_text"][1:]
        told = joined(answer["text"], _("{answer}.").format(answer=said), answer["reason"])
        yield from _wrapped(f"- {told}{place}", 2)
    yield from _wrapped(assessment.advice)


def _rating_text(assessment: Assessment) -> str:
    own = assessment_of(assessment.pair).rating
    by = _("; ").join([_(INSTRUMENT), _(STRATEGY)])
    if any(answer.assumed for answer in assessment.answers):
        text = _("Credibility with the answers assumed: {rating} ({ours}: {own}; {by}).")
    else:
        text = _("Credibility: {rating} ({ours}; {by}).")
    return text.format(
        rating=_(RATING_LABELS[assessment.rating]),
        ours=_(OUR_ASSESSMENT),
        own=_(RATING_LABELS[own]),
        by=by,
    )


def _shrunken_text(found: Shrunken) -> str:
    return _(
        "Over the whole trial's ratio: {raw:.2f} as printed; {ratio:.2f} shrunken by the joint "
        "model ({level:.0%} interval {lower:.2f} to {upper:.2f}; exploratory)."
    ).format(
        raw=found.raw,
        ratio=found.ratio,
        level=found.level,
        lower=found.interval[0],
        upper=found.interval[1],
    )


def _subgroup(
    row: SubgroupEvidence,
    patient: Patient,
    bundle: Bundle | None,
    assumptions: Mapping[str, str] | None,
) -> dict[str, Any]:
    name, _values = row.membership
    assessment = assessment_of(row.pair.id, assumptions)
    shrunken = row.shrunken(bundle) if bundle else None
    return {
        **row.as_dict(),
        "credibility": assessment.rating,
        "label": _(row.subgroup.label),
        "because": {"field": name, "value": patient.values[name]},
        "deaths": row.subgroup.events,
        "n": row.subgroup.size,
        "rated": assessment.with_answers(),
        "shrunken": None if shrunken is None else shrunken.as_dict(),
    }


def _not_known(patient: Patient) -> Iterator[str]:
    """Yield the pairs of whose two subgroups a patient belongs to neither."""
    known = {row.pair.id for row in subgroups_of(patient)}
    yield from dict.fromkeys(row.pair.id for row in all_subgroups() if row.pair.id not in known)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    hanging = "  " if text.startswith("- ") else ""
    return [" " * indent + line for line in wrapped(text, _WIDTH - indent, hanging)]
