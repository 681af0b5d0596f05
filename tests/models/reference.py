"""A slow and obvious scoring, written from the textbook: plain Python, one number at a time.

Cox: H(t | x) = H0(t) exp(x'b); survival is exp(-H); the cumulative incidence with death
competing adds up, month by month, the event's share of those who leave. Quantiles are Hyndman
and Fan's type 7 (for weights: Akinshin, Weighted quantile estimators, 2023: the mean of the
inverse distribution function over a window as wide as one of Kish's effective observations).
Nothing of `models.assess`, `models.curves`, `models.intervals` or `models.population` is used.
"""

from itertools import product
from math import exp, floor
from typing import NamedTuple

HAZARDS = {
    "overall_survival": ("death",),
    "local_relapse_free_survival": ("local_progression", "death_without_local_progression"),
    "local_ulceration": ("ulceration", "death_without_ulceration"),
    "local_bleeding": ("bleeding", "death_without_bleeding"),
}
INCIDENCES = ("local_ulceration", "local_bleeding")
OUTCOMES = tuple(HAZARDS)
AGE_GROUPS = 8

T = {"T1": 1, "T2": 2, "T3": 3, "T4": 4}
N = {"N0": 0, "N1": 1, "N2": 2, "N3": 3}
#: What the numbers in the cells of a bundle's population stand for.
VALUES = {
    "menopausal_status": ("pre", "post"),
    "ecog_ps": (0, 1, 2),
    "clinical_t": ("T0", "T1", "T2", "T3", "T4"),
    "clinical_n": ("N0", "N1", "N2", "N3"),
    "er_status": ("positive", "negative"),
    "her2_status": ("positive", "negative"),
    "triple_negative": (False, True),
    "metastatic_organs": ("1", "2+"),
    "liver_metastasis": (False, True),
    "bone_only_metastasis": (False, True),
}


class Asked(NamedTuple):
    """One figure: arm 0 without surgery, 1 with it, 2 the difference."""

    outcome: str
    arm: int
    month: int


def terms(values):
    """Return the terms of the linear predictor, in the order of the bundle."""
    er = values["er_status"] == "positive"
    her2 = values["her2_status"] == "positive"
    return [
        (values["age"] - 57) / 10,
        values["menopausal_status"] == "post",
        values["ecog_ps"] >= 1,
        T[values["clinical_t"]] >= 3,
        T[values["clinical_t"]] >= 4,
        N[values["clinical_n"]] >= 1,
        N[values["clinical_n"]] >= 2,
        er,
        her2,
        er and her2,
        values["metastatic_organs"] == "2+",
        values["liver_metastasis"],
        values["bone_only_metastasis"],
    ]


def cumulative_hazard(values, hazard, arm, month, member):
    """Return H(month) of one member; arm 1 is surgery."""
    predictor = sum(
        float(term) * float(hazard.coefficients[place, member])
        for place, term in enumerate(terms(values))
    )
    if arm == 1:
        predictor += float(hazard.arm[member])
    return float(hazard.baseline[month, member]) * exp(predictor)


def survival(values, hazards, arm, month, member):
    """Return the probability that none of some events has happened."""
    return exp(-sum(cumulative_hazard(values, each, arm, month, member) for each in hazards))


def incidence(values, hazards, arm, month, member):
    """Return the cumulative incidence of the first of two events, the second competing."""
    before, free_before, found = [0.0, 0.0], 1.0, 0.0
    for now in range(1, month + 1):
        after = [cumulative_hazard(values, each, arm, now, member) for each in hazards]
        event, competing = (after[place] - before[place] for place in (0, 1))
        free_after = exp(-sum(after))
        if event + competing > 0:
            found += (free_before - free_after) * event / (event + competing)
        before, free_before = after, free_after
    return found


def member_figure(values, bundle, asked, member):
    """Return one probability of one member."""
    outcome, arm, month = asked
    hazards = [bundle.hazards[name] for name in HAZARDS[outcome]]
    if outcome in INCIDENCES:
        return incidence(values, hazards, arm, month, member)
    alive = survival(values, [bundle.hazards["death"]], arm, month, member)
    return min(alive, survival(values, hazards, arm, month, member))


def figures(values, bundle, asked):
    """Return every member's figure; arm 2 is the difference, surgery minus none."""
    if asked.arm < 2:
        members = range(len(bundle.hazards["death"].arm))
        return [member_figure(values, bundle, asked, member) for member in members]
    without, with_surgery = (figures(values, bundle, asked._replace(arm=a)) for a in (0, 1))
    return [b - a for a, b in zip(without, with_surgery, strict=True)]


def type_7(values, p):
    """Return the p-quantile with linear interpolation between order statistics."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * p
    below = min(floor(place), len(ordered) - 2)
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def weighted_type_7(values, weights, p):
    """Return the mean of the inverse distribution function over a window at p."""
    total = sum(weights)
    width = sum((w / total) ** 2 for w in weights)
    start = p * (1 - width)
    reached = mass = covered = 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        inside = min(reached + weight / total, start + width) - max(reached, start)
        if inside > 0:
            mass += inside * value
            covered += inside
        reached += weight / total
    return mass / covered


def summary(values, level):
    """Return (estimate, lower, upper) of members."""
    estimate = sum(values) / len(values)
    lower, upper = type_7(values, (1 - level) / 2), type_7(values, (1 + level) / 2)
    return estimate, min(lower, estimate), max(upper, estimate)


def decode(name, number):
    """Return the value that a number in a cell stands for."""
    return number if name == "age" else VALUES[name][int(number)]


def completions(values, population):
    """Return every different way to fill in what is not known, as (values, probability)."""
    blocks = [block_completions(values, block) for block in population]
    found = {}
    for choice in product(*blocks):
        filled, probability = {}, 1.0
        for part, weight in choice:
            filled.update(part)
            probability *= weight
        # Two ways that the models cannot tell apart are one.
        key = tuple(terms(filled))
        _, so_far = found.get(key, (filled, 0.0))
        found[key] = (filled, so_far + probability)
    return list(found.values())


def block_completions(values, block):
    """Return the ways to fill in one block, given what is known of it."""
    known = {name: values[name] for name in block.fields if values[name] is not None}
    if len(known) == len(block.fields):
        return [(known, 1.0)]
    cells = [
        ({n: decode(n, v) for n, v in zip(block.fields, cell, strict=True)}, weight)
        for cell, weight in zip(block.cells.tolist(), block.weights.tolist(), strict=True)
    ]
    wanted = dict(known)
    if "age" in known:
        ages = sorted({cell["age"] for cell, _ in cells})
        wanted["age"] = min(ages, key=lambda age: abs(age - known["age"]))
    agreeing = [(c, w) for c, w in cells if all(c[n] == v for n, v in wanted.items()) and w > 0]
    if "age" in block.fields and "age" not in known:
        agreeing = age_groups(agreeing)
    total = sum(weight for _, weight in agreeing)
    return [({**cell, **known}, weight / total) for cell, weight in agreeing]


def age_groups(cells):
    """Merge the ages of each menopausal status into groups of about equal weight."""
    found = []
    for status in ("pre", "post"):
        ages = sorted((c["age"], w) for c, w in cells if c["menopausal_status"] == status)
        total = sum(weight for _, weight in ages)
        reached, groups = 0.0, {}
        for age, weight in ages:
            reached += weight
            middle = (reached - weight / 2) / total
            groups.setdefault(floor(middle * AGE_GROUPS), []).append((age, weight))
        for members in groups.values():
            size = sum(weight for _, weight in members)
            mean = sum(age * weight for age, weight in members) / size
            found.append(({"age": mean, "menopausal_status": status}, size))
    return found


def assess(values, bundle, asked, level):
    """Return (estimate, lower, upper) of one figure of one patient; completed years are used."""
    age = values["age"]
    completed = {**values, "age": None if age is None else floor(age)}
    filled = completions(completed, bundle.population)
    members = [figures(each, bundle, asked) for each, _ in filled]
    weights = [weight for _, weight in filled]
    each = [summary(one, level) for one in members]
    estimate, lower, upper = (
        sum(w * part[side] for w, part in zip(weights, each, strict=True)) for side in range(3)
    )
    if len(filled) == 1:
        return estimate, lower, upper
    flat = [value for one in members for value in one]
    flat_weights = [w for w, one in zip(weights, members, strict=True) for _ in one]
    low = weighted_type_7(flat, flat_weights, (1 - level) / 2)
    high = weighted_type_7(flat, flat_weights, (1 + level) / 2)
    return estimate, min(lower, low, estimate), max(upper, high, estimate)
