"""What follows from what: values that others determine, and pairs that cannot both be true.

The rules are those of the paper's Table 1 (bone only is one organ, and no liver) and our
reading that a tumour negative for ER and HER2 is triple negative (the paper gives no PgR).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.covariates import FIELDS
from models.errors import Problem
from models.fields import Value
from models.language import N_, _

Values = dict[str, Value | None]


@dataclass(frozen=True)
class Rule:
    """When `holds`, the field `target` must be `value`, because of `reason`."""

    holds: Callable[[Values], bool]
    target: str
    value: Value
    reason: str


def _is(name: str, value: Value) -> Callable[[Values], bool]:
    return lambda values: values[name] == value


def _sites(test: Callable[[tuple[str, ...]], bool]) -> Callable[[Values], bool]:
    def holds(values: Values) -> bool:
        sites = values["metastatic_sites"]
        return isinstance(sites, tuple) and test(sites)

    return holds


#: In an order in which a later rule may use what an earlier one derived.
_SITE_RULES: tuple[Rule, ...] = (
    Rule(_sites(lambda s: len(s) == 1), "metastatic_organs", "1", N_("one site is listed")),
    Rule(_sites(lambda s: len(s) > 1), "metastatic_organs", "2+", N_("several sites are listed")),
    Rule(_sites(lambda s: "liver" in s), "liver_metastasis", True, N_("the sites include liver")),
    Rule(
        _sites(lambda s: "liver" not in s),
        "liver_metastasis",
        False,
        N_("the sites do not include liver"),
    ),
    Rule(
        _sites(lambda s: s == ("bone",)), "bone_only_metastasis", True, N_("bone is the only site")
    ),
    Rule(
        _sites(lambda s: s != ("bone",)),
        "bone_only_metastasis",
        False,
        N_("bone is not the only site"),
    ),
    Rule(
        _sites(lambda s: "brain" in s),
        "eligibility.brain_metastasis",
        True,
        N_("the sites include brain"),
    ),
    Rule(
        _sites(lambda s: "brain" not in s),
        "eligibility.brain_metastasis",
        False,
        N_("the sites do not include brain"),
    ),
    Rule(
        lambda values: values["ecog_ps"] == 2 and _sites(lambda s: "bone" not in s)(values),
        "eligibility.ps2_due_to_bone_metastases",
        False,
        N_("the sites do not include bone"),
    ),
)
RULES: tuple[Rule, ...] = (
    *_SITE_RULES,
    Rule(_is("bone_only_metastasis", True), "metastatic_organs", "1", N_("bone is the only site")),
    Rule(
        _is("bone_only_metastasis", True), "liver_metastasis", False, N_("bone is the only site")
    ),
    Rule(
        _is("liver_metastasis", True), "bone_only_metastasis", False, N_("the liver is affected")
    ),
    Rule(
        _is("metastatic_organs", "2+"),
        "bone_only_metastasis",
        False,
        N_("several organs are affected"),
    ),
    Rule(
        _is("triple_negative", True),
        "er_status",
        "negative",
        N_("the tumour is said to be triple negative"),
    ),
    Rule(
        _is("triple_negative", True),
        "her2_status",
        "negative",
        N_("the tumour is said to be triple negative"),
    ),
    Rule(_is("er_status", "positive"), "triple_negative", False, N_("ER is positive")),
    Rule(_is("her2_status", "positive"), "triple_negative", False, N_("HER2 is positive")),
)


_TRIPLE_NEGATIVE = "triple_negative"

#: The fields that can follow from others, in the order of the specification.
DERIVABLE: tuple[str, ...] = tuple(
    name for name in FIELDS if name in {_TRIPLE_NEGATIVE, *(rule.target for rule in RULES)}
)


def derive(values: Values) -> tuple[Values, list[Problem]]:
    """Return the values with what follows from them, and the contradictions found.

    A triple-negative status that was not given follows from ER and HER2, both negative; a
    stated ``False`` beside them stands (PgR positive) and is no contradiction.
    """
    derived = dict(values)
    problems: list[Problem] = []
    for rule in RULES:
        if not rule.holds(derived):
            continue
        stated = derived[rule.target]
        if stated is None:
            derived[rule.target] = rule.value
        elif stated != rule.value and values[rule.target] is not None:
            # What was not sent is not wrong: the sender's own fields contradict elsewhere.
            problems.append(_contradiction(rule, stated))
            if rule in _SITE_RULES:  # the list is believed, so that one mistake is told once
                derived[rule.target] = rule.value
    both_negative = derived["er_status"] == derived["her2_status"] == "negative"
    if both_negative and derived[_TRIPLE_NEGATIVE] is None:
        derived[_TRIPLE_NEGATIVE] = True
    return derived, _one_per_field(problems)


def _contradiction(rule: Rule, stated: Value) -> Problem:
    message = _("{label}: {stated} cannot be, because {reason}; it would have to be {value}.")
    words = message.format(
        label=_(FIELDS[rule.target].label),
        stated=_words(stated),
        reason=_(rule.reason),
        value=_words(rule.value),
    )
    accepted = _("{values}, or not known").format(values=_words(rule.value))
    return Problem(rule.target, "contradiction", words, accepted)


def _words(value: Value) -> str:
    """Return a value as it is written in JSON and CSV, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _one_per_field(problems: list[Problem]) -> list[Problem]:
    return list({problem.field: problem for problem in reversed(problems)}.values())[::-1]
