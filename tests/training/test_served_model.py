"""What the shipped bundle says of the trial's own population, beside the paper."""

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from models.analyses import Analysis
from models.bundle import load_bundle
from models.outcomes import FOREST, OUTCOMES, OVERALL_EFFECT
from models.table import select_rows
from tests.training import paper
from training.population_average import average_curves, average_figures
from training.priors import priors

#: Printed figure by outcome, in the order of the bundle's outcomes.
PRINTED = {
    "OS median": paper.OS_MEDIANS,
    "LRFS median": paper.LRFS_MEDIANS,
    "ulceration": paper.ULCERATION,
    "bleeding": paper.BLEEDING,
}
ARMS = ("not offered surgery", "offered surgery")


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(Path(str(resources.files("models"))) / "bundles" / "jcog1017-synthetic")


@pytest.fixture(scope="module")
def all_patients(bundle, patients):
    """Return curves of all 407 patients under each policy: outcomes, arms, months, members."""
    return average_curves(bundle, patients.table)


@pytest.fixture(scope="module")
def forest_at_five_years(bundle, patients):
    """Return the forest's figures of all 407 patients: outcomes, arms, 1, members."""
    analysis = Analysis(FOREST, OVERALL_EFFECT)
    return average_curves(bundle, patients.table, analysis, (60,))


@pytest.fixture(scope="module")
def own_patients(bundle, patients):
    """Return curves of each arm's own patients under their own policy."""
    by_arm = [
        average_curves(bundle, select_rows(patients.table, patients.arm == arm))[:, arm]
        for arm in (0, 1)
    ]
    return np.stack(by_arm, axis=1)


@pytest.mark.parametrize("place", range(len(OUTCOMES)), ids=[o.name for o in OUTCOMES])
@pytest.mark.parametrize("arm", [0, 1], ids=ARMS)
def test_the_forest_is_within_three_points_of_the_cox_model_on_average(
    all_patients, forest_at_five_years, place, arm
):
    cox = all_patients[place, arm, 59].mean()
    forest = forest_at_five_years[place, arm, 0].mean()
    print(f"{OUTCOMES[place].name}, {ARMS[arm]}: Cox {cox:.3f}, forest {forest:.3f}")
    assert abs(forest - cox) < 0.03


def months_to_one_half(curve):
    whole = np.append(1.0, curve)
    after = int(np.flatnonzero(whole <= 0.5)[0])
    return after - 1 + (whole[after - 1] - 0.5) / (whole[after - 1] - whole[after])


def served(curves):
    """Return the figures of the mean over members, by the names of the printed ones."""
    mean = curves.mean(axis=-1)
    medians = {
        name: [months_to_one_half(mean[place, arm]) for arm in (0, 1)]
        for place, name in enumerate(list(PRINTED)[:2])
    }
    proportions = {
        name: mean[place, :, 47].tolist() for place, name in enumerate(PRINTED) if place > 1
    }
    return medians | proportions


def print_table(title, found):
    print(f"\n{title:<44}{'published':>10}{'served':>10}")
    for name, values in found.items():
        for arm, value, printed in zip(ARMS, values, PRINTED[name], strict=True):
            print(f"{f'{name}, {arm}':<44}{printed:>10.3f}{value:>10.3f}")


# The published curves are of each arm's own patients. The arms' covariates differ by chance, so
# that the curves of all patients under either policy are further apart.
@pytest.mark.parametrize(("population", "months"), [("all_patients", 3.5), ("own_patients", 2)])
def test_the_averaged_curves_have_the_published_figures(request, population, months):
    found = served(request.getfixturevalue(population))
    print_table(population.replace("_", " "), found)
    for name in ("OS median", "LRFS median"):
        assert found[name] == pytest.approx(PRINTED[name], abs=months), name
    for name in ("ulceration", "bleeding"):
        assert found[name] == pytest.approx(PRINTED[name], abs=0.01), name


@pytest.fixture(scope="module")
def shown_figures(bundle, patients):
    return average_figures(bundle, patients.table, patients.arm)


def test_the_cards_figures_are_those_of_each_arms_own_patients(
    bundle, shown_figures, own_patients
):
    found = [value for values in served(own_patients).values() for value in values]
    assert [row.served for row in shown_figures] == pytest.approx(found, abs=1e-9)
    assert [row.published for row in shown_figures] == [
        v for both in PRINTED.values() for v in both
    ]
    for row in shown_figures:
        assert row.limits[0] < row.served < row.limits[1]
        words = f"{row.served:.1f}" if row.unit == "months" else f"{row.served:.1%}"
        assert f"| {row.name} | " in bundle.card
        assert f" | {words} | " in bundle.card


def test_averages_are_the_published_figures(shown_figures):
    for row in shown_figures:
        assert abs(row.served - row.published) < (2.0 if row.unit == "months" else 0.005), row.name


#: The printed limits, and how far the served ones may lie from them (lower, upper).
PRINTED_LIMITS = {
    "Alive, not offered surgery": ((55.7, 81.1), (4, 8)),
    "Alive, offered surgery": ((65.7, 95.4), (4, 8)),
    "Ulceration of the primary site, not offered surgery": ((0.191, 0.314), (0.015, 0.015)),
    "Ulceration of the primary site, offered surgery": ((0.066, 0.155), (0.015, 0.015)),
    "Bleeding from the primary site, not offered surgery": ((0.209, 0.335), (0.015, 0.015)),
    "Bleeding from the primary site, offered surgery": ((0.098, 0.200), (0.015, 0.015)),
}


@pytest.mark.parametrize("name", PRINTED_LIMITS)
def test_limits_are_close_to_the_printed_confidence_limits(shown_figures, name):
    printed, room = PRINTED_LIMITS[name]
    (row,) = [row for row in shown_figures if row.name.split(":")[0] == name]
    for served_limit, limit, most in zip(row.limits, printed, room, strict=True):
        assert abs(served_limit - limit) < most


def test_relapse_free_survival_never_exceeds_survival(all_patients):
    assert (all_patients[1] <= all_patients[0]).all()


def test_curves_are_monotone_probabilities(all_patients):
    assert all_patients.min() >= 0
    assert all_patients.max() <= 1
    assert (np.diff(all_patients[:2], axis=2) <= 0).all()
    assert (np.diff(all_patients[2:], axis=2) >= 0).all()


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("local_progression", "progression"),
        ("ulceration", "complication"),
        ("bleeding", "complication"),
    ],
)
def test_effects_on_local_outcomes_carry_their_priors(bundle, name, prior):
    # The paper says nothing of them: their only source is the prior, so neither its means nor
    # its spread may be lost on the way to what is served.
    stated, effects = priors()[prior], bundle.hazards[name].coefficients
    assert effects.mean(axis=1) == pytest.approx(stated.mean, abs=0.12)
    assert (effects.std(axis=1) / stated.sd).mean() == pytest.approx(1.05, abs=0.15)
