"""What the rules of the caveats look at: one answer, and the little of it that they turn on.

`Case` is the whole of it. `Profile` is what the caveats depend on, and nothing else: in a list
many patients share one, so what is said of it is looked up and not told again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from models.analyses import Analysis
from models.bundle import Bundle
from models.evidence import pairs, table_1
from models.fields import Value
from models.options import Options
from models.patient import Patient
from models.subgroups import subgroups_of

#: Ages within this many years of the trial's limits are called extreme (an assumption).
_LOW_AGE, _HIGH_AGE = 25, 75

#: Probabilities of the two models that differ by so much are called far apart (an assumption).
FAR_APART = 0.10

#: Fewer patients of the trial than this are called few (an assumption).
FEW = 50

#: For so many bundles and options, what the caveats say of them is kept.
_KEPT = 16


@dataclass(frozen=True)
class Case:
    """One answer.

    Attributes
    ----------
    gap : float
        How far the two models' probabilities are apart at most; 0 when one was asked for.
    """

    patient: Patient
    bundle: Bundle
    options: Options
    gap: float = 0.0


@dataclass(frozen=True, eq=False)
class Cell:
    """One row of Table 1, there once: how many of the randomised patients had a value.

    Attributes
    ----------
    code : str
        That of Fig. 3's subgroup where it has one, else the value's own.
    n : tuple of int
        Patients by arm: systemic therapy, PTR plus systemic therapy.
    subgroup : str or None
        The code of Fig. 3's subgroup of the same patients.
    """

    code: str
    label: str
    n: tuple[int, int]
    subgroup: str | None

    @cached_property
    def total(self) -> int:
        """Patients of both arms."""
        return sum(self.n)


@dataclass(frozen=True)
class BundleProfile:
    """What the caveats say of a bundle.

    Attributes
    ----------
    effect_of_surgery : str or None
        Where a bundle trained on a real cohort has its effect of surgery from.
    trained_patients, cohort_patients : int or None
        Patients that it was trained on, and that its baselines come from.
    cohort_median : float or None
        Median follow-up of the latter, months.
    parent : str
        Name of the bundle that was recalibrated, or ``""``.
    """

    name: str
    training_data: str
    recalibrated: bool
    effect_of_surgery: str | None
    trained_patients: int | None
    cohort_patients: int | None
    cohort_median: float | None
    parent: str


@dataclass(frozen=True, eq=False)
class AskedProfile:
    """What the caveats say of what is asked, whoever the patient is."""

    bundle: BundleProfile
    options: Options
    listed: tuple[Analysis, ...]

    @cached_property
    def last_horizon(self) -> int:
        """The latest of the horizons, months."""
        return max(self.options.horizons_months)


@dataclass(frozen=True)
class Profile:
    """What the caveats of an answer depend on.

    Attributes
    ----------
    asked : AskedProfile
        The same object whenever the same is asked.
    gap : int or None
        Percentage points between the two models, when they are far apart.
    extreme_age : int or None
        Completed years, when near the trial's limits.
    unknown : tuple of str
        Covariates that are not known.
    subgroups : tuple of str
        Codes of Fig. 3's subgroups that she belongs to, in its order.
    few : tuple of Cell
        The rows of Table 1 with few patients to which she belongs.
    smallest : Cell or None
        The smallest row of Table 1 to which she belongs.
    """

    asked: AskedProfile
    gap: int | None
    progression: Value | None
    extreme_age: int | None
    unknown: tuple[str, ...]
    er_status: Value | None
    her2_status: Value | None
    triple_negative: Value | None
    subgroups: tuple[str, ...]
    few: tuple[Cell, ...]
    smallest: Cell | None


def profile_of(case: Case) -> Profile:
    """Return what the caveats of an answer depend on."""
    values = case.patient.values
    found = [
        cells[values[name]] for name, cells in cells_by_value().items() if values[name] in cells
    ]
    return Profile(
        asked=_asked_profile(case.bundle, case.options),
        gap=round(100 * case.gap) if case.gap >= FAR_APART else None,
        progression=values["eligibility.progression_on_systemic_therapy"],
        extreme_age=_extreme_age(case.patient),
        unknown=case.patient.unknown_covariates,
        er_status=values["er_status"],
        her2_status=values["her2_status"],
        triple_negative=values["triple_negative"],
        subgroups=tuple([row.subgroup.code for row in subgroups_of(case.patient)]),
        few=tuple([cell for cell in found if cell.total < FEW]),
        smallest=min(found, key=lambda cell: cell.total, default=None),
    )


def _extreme_age(patient: Patient) -> int | None:
    age = patient.completed_age
    return int(age) if age <= _LOW_AGE or age >= _HIGH_AGE else None


@lru_cache(_KEPT)
def _asked_profile(bundle: Bundle, options: Options) -> AskedProfile:
    return AskedProfile(_bundle_profile(bundle), options, options.listed(bundle.held))


def _bundle_profile(bundle: Bundle) -> BundleProfile:
    cohort = bundle.cohort
    trained = bundle.manifest.get("cohort", cohort)
    parent = bundle.manifest.get("parent")
    return BundleProfile(
        name=f"{bundle.id} {bundle.version}",
        training_data=bundle.training_data,
        recalibrated="recalibration" in bundle.manifest,
        effect_of_surgery=_effect_of_surgery(bundle),
        trained_patients=None if trained is None else int(trained["patients"]),
        cohort_patients=None if cohort is None else int(cohort["patients"]),
        cohort_median=None if cohort is None else float(cohort["median_follow_up"]),
        parent="" if parent is None else f"{parent['id']} {parent['version']}",
    )


def _effect_of_surgery(bundle: Bundle) -> str | None:
    cohort = bundle.manifest.get("cohort")
    return None if cohort is None else str(cohort["effect_of_surgery"])


@cache
def cells_by_value() -> dict[str, dict[Value | None, Cell]]:
    """Return the rows of Table 1 by covariate and by a patient's value."""
    by_arm = list(table_1()["counts"].values())
    return {
        name: {
            value: _cell(name, written, (by_arm[0][name][written], by_arm[1][name][written]))
            for written in counts
            for value in _values_of(name, written)
        }
        for name, counts in by_arm[0].items()
    }


def _values_of(name: str, written: str) -> tuple[Value, ...]:
    """Return the values that a row of Table 1 counts; its performance status is 1 or 2 as 1."""
    if written in ("true", "false"):
        return (written == "true",)
    if name == "ecog_ps":
        return (0,) if written == "0" else (1, 2)
    return (written,)


def _cell(name: str, written: str, n: tuple[int, int]) -> Cell:
    value = _values_of(name, written)[0]
    for group in (group for pair in pairs() for group in pair.subgroups):
        wanted = group.where.get(name)
        if wanted == value or (isinstance(wanted, list) and value in wanted):
            return Cell(group.code, group.label, n, group.code)
    return Cell(written.lower(), written, n, None)
