"""A slow and obvious scoring, written from the textbook: plain Python, one number at a time.

Cox: H(t | x) = H0(t) exp(x'b). Forest: the mean over a member's trees of the hazard at the leaf
that a patient reaches, times the member's factor, drawn towards the mean over members; its arms
differ by the member's Cox ratio, or by their leaves (learned). By subgroups, the ratio of death is
moved by the sum of the interactions, bounded in each member and on average. Survival is exp(-H);
the cumulative incidence with death competing adds up, month by month, the event's share of those
who leave. Quantiles are Hyndman and Fan's type 7 (for weights: Akinshin, Weighted quantile
estimators, 2023: the mean of the inverse distribution function over a window as wide as one of
Kish's effective observations).
Nothing of `models.assess`, `models.curves`, `models.intervals`, `models.population`,
`models.hazards` or `models.forest`'s functions is used.
"""

import struct
from functools import cache
from itertools import pairwise, product
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


def cox(values, bundle):
    """Return a function that gives H(month) of a hazard, arm and member by the Cox model."""

    @cache
    def at(name, arm, month, member):
        return cox_hazard(values, bundle.hazards[name], arm, month, member)

    return at


def forest(values, bundle):
    """Return such a function by the forest, its arms apart by the member's Cox ratio."""
    grown = learned(values, bundle)

    def at(name, arm, month, member):
        ratio = exp(float(bundle.hazards[name].arm[member])) if arm == 1 else 1.0
        return grown(name, 0, month, member) * ratio

    return at


def learned(values, bundle):
    """Return such a function by the forest, the arm being one of its covariates."""

    @cache
    def at_knots(name, arm):
        covariates = [float(term) for term in terms(values)] + [float(arm)]
        return forest_hazards(bundle.forests[name], covariates)

    def at(name, arm, month, member):
        return on_lines(at_knots(name, arm)[member], month)

    return at


def by_subgroups(model):
    """Return such a function of a model with the effect of surgery on death moved."""

    def of(values, bundle):
        own = model(values, bundle)
        shifts = subgroup_shifts(values, bundle.subgroup_effects)

        def at(name, arm, month, member):
            moved = exp(shifts[member]) if name == "death" and arm == 1 else 1.0
            return own(name, arm, month, member) * moved

        return at

    return of


def second_halves(values):
    """Return whether a patient is in the second subgroup of each pair of Fig. 3."""
    er, her2 = (values[name] == "positive" for name in ("er_status", "her2_status"))
    return [
        er,
        her2,
        er or her2,
        values["menopausal_status"] == "post",
        values["ecog_ps"] >= 1,
        values["metastatic_organs"] == "2+",
        values["liver_metastasis"],
        not values["bone_only_metastasis"],
    ]


def subgroup_shifts(values, effects):
    """Return each member's shift of the log hazard ratio of death."""
    members = range(effects.interactions.shape[1])

    def sums(shares):
        return [
            sum(
                (float(share) - float(centre)) * float(effects.interactions[pair, member])
                for pair, (share, centre) in enumerate(zip(shares, effects.centre, strict=True))
            )
            for member in members
        ]

    groups = [sums(row) for row in effects.means]
    own = sums(second_halves(values))
    low = [min(group[member] for group in groups) for member in members]
    high = [max(group[member] for group in groups) for member in members]
    averages = [sum(group) / len(group) for group in groups]

    def clipped(move):
        return [min(max(value - move, a), b) for value, a, b in zip(own, low, high, strict=True)]

    def mean(move):
        return sum(clipped(move)) / len(own)

    wanted = min(max(mean(0.0), min(averages)), max(averages))
    if mean(0.0) == wanted:
        return clipped(0.0)
    # The mean is a falling line between the moves at which a member reaches a limit.
    corners = sorted(a - b for side in (low, high) for a, b in zip(own, side, strict=True))
    before, after = next(
        (a, b) for a, b in pairwise(corners) if mean(a) >= wanted >= mean(b) and mean(a) > mean(b)
    )
    share = (mean(before) - wanted) / (mean(before) - mean(after))
    return clipped(before + share * (after - before))


def cox_hazard(values, hazard, arm, month, member):
    """Return H(month) of one member; arm 1 is surgery."""
    predictor = sum(
        float(term) * float(hazard.coefficients[place, member])
        for place, term in enumerate(terms(values))
    )
    if arm == 1:
        predictor += float(hazard.arm[member])
    return float(hazard.baseline[month, member]) * exp(predictor)


def forest_hazards(hazard, covariates):
    """Return each member's cumulative hazards at months 4, 8, ..., 96."""
    leaves = reached_leaves(hazard.trees, [single(value) for value in covariates])
    members = len(hazard.factor)
    each = len(leaves) // members
    raw = []
    for member in range(members):
        own = leaves[member * each : (member + 1) * each]
        mean = [sum(h * hazard.unit for h in at_knot) / each for at_knot in zip(*own, strict=True)]
        raw.append([h * float(hazard.factor[member, int(covariates[-1])]) for h in mean])
    means = [sum(at_knot) / members for at_knot in zip(*raw, strict=True)]
    return [
        [mean + hazard.kept * (own - mean) for own, mean in zip(row, means, strict=True)]
        for row in raw
    ]


def reached_leaves(trees, covariates):
    """Return the hazards at the leaf that is reached in each tree."""
    found, root, leaves_before = [], 0, 0
    for size in trees.sizes.tolist():
        node = root
        while trees.feature[node] != -1:
            goes_left = covariates[trees.feature[node]] <= trees.threshold[node]
            node = root + int(trees.left[node] if goes_left else trees.right[node])
        is_leaf = (trees.feature[root : root + size] == -1).tolist()
        found.append(trees.values[leaves_before + sum(is_leaf[: node - root])].tolist())
        leaves_before += sum(is_leaf)
        root += size
    return found


def single(value):
    """Return a number as single precision holds it."""
    return struct.unpack("f", struct.pack("f", value))[0]


def on_lines(at_knots, month):
    """Return the value at a month on lines from zero through those at months 4, 8, ..."""
    corners = [0.0, *at_knots]
    quarter, rest = divmod(month, 4)
    if rest == 0:
        return corners[quarter]
    return corners[quarter] + (corners[quarter + 1] - corners[quarter]) * rest / 4


def survival(hazard_of, names, arm, month, member):
    """Return the probability that none of some events has happened."""
    return exp(-sum(hazard_of(name, arm, month, member) for name in names))


def incidence(hazard_of, names, arm, month, member):
    """Return the cumulative incidence of the first of two events, the second competing."""
    before, free_before, found = [0.0, 0.0], 1.0, 0.0
    for now in range(1, month + 1):
        after = [hazard_of(name, arm, now, member) for name in names]
        event, competing = (after[place] - before[place] for place in (0, 1))
        free_after = exp(-sum(after))
        if event + competing > 0:
            found += (free_before - free_after) * event / (event + competing)
        before, free_before = after, free_after
    return found


def member_figure(hazard_of, asked, member):
    """Return one probability of one member."""
    outcome, arm, month = asked
    if outcome in INCIDENCES:
        return incidence(hazard_of, HAZARDS[outcome], arm, month, member)
    alive = survival(hazard_of, ("death",), arm, month, member)
    return min(alive, survival(hazard_of, HAZARDS[outcome], arm, month, member))


def figures(hazard_of, members, asked):
    """Return every member's figure; arm 2 is the difference, surgery minus none."""
    if asked.arm < 2:
        return [member_figure(hazard_of, asked, member) for member in range(members)]
    without, with_surgery = (
        figures(hazard_of, members, asked._replace(arm=arm)) for arm in (0, 1)
    )
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


def filled_in(values, bundle, model):
    """Return the model's hazards for each way to fill in a patient, with its probability.

    Completed years are used.
    """
    age = values["age"]
    completed = {**values, "age": None if age is None else floor(age)}
    return [(model(each, bundle), w) for each, w in completions(completed, bundle.population)]


def assess(filled, bundle, asked, level):
    """Return (estimate, lower, upper) of one figure of one patient, as `filled_in`."""
    count = len(bundle.hazards["death"].arm)
    members = [figures(hazard_of, count, asked) for hazard_of, _ in filled]
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
