"""One joint model of the eight interactions, shrunk towards the overall effect.

What Fig. 3 prints are one-at-a-time contrasts of overlapping subgroups, each marginal over
everything else. The model asks which interactions given the covariates would show them::

    observed | interactions ~ Normal(expected + slopes @ interactions, covariance)
    interactions | spread   ~ Normal(0, spread^2), independent
    spread                  ~ half-normal(scale)

``docs/subgroup-effect.md`` has the derivation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from models.evidence import pairs
from models.subgroup_effects import SubgroupEffects, memberships
from models.table import FloatArray
from training.calibration import calibrate_death, identify_death
from training.cohort import Cohort
from training.expectation import expected_survival
from training.influence import interaction_correlation, interaction_covariance
from training.priors import priors
from training.simulation import EVENT
from training.targets import Targets, published_targets
from training.truth import Patients

#: Scale of the half-normal prior of the spread of the interactions (an assumption): one in
#: twenty interactions would be beyond a ratio of hazard ratios of about 1.5, or its inverse.
SPREAD_SCALE = 0.2

#: Values of the spread, each standing for an equal share of the prior.
_SPREADS = 400

#: Half the distance between the two truths whose difference is the slope.
_STEP = 0.1

#: Tells the stream of these draws from those of the virtual trials, which share the seed.
_STREAM = 20111105
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class JointModel:
    """What the trial shows of the interactions; arrays are log ratios of hazard ratios.

    Attributes
    ----------
    observed : array, shape (pairs,)
        Log hazard ratio of the second subgroup minus that of the first, as printed.
    covariance : array, shape (pairs, pairs)
        Of the sampling errors of `observed`.
    expected : array, shape (pairs,)
        What a trial without interactions given the covariates would show on average: not
        quite zero, because hazard ratios are not collapsible.
    slopes : array, shape (pairs, pairs)
        By how much each observed contrast (row) moves with each interaction (column).
    """

    observed: FloatArray
    covariance: FloatArray
    expected: FloatArray
    slopes: FloatArray


@dataclass(frozen=True)
class Posterior:
    """A mixture of normal distributions over values of the spread.

    Attributes
    ----------
    spreads, weights : arrays, shape (spreads,)
        Values of the prior's standard deviation and their posterior probabilities.
    means : array, shape (spreads, pairs)
    covariances : array, shape (spreads, pairs, pairs)
    """

    spreads: FloatArray
    weights: FloatArray
    means: FloatArray
    covariances: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Posterior mean of the interactions, shape (pairs,)."""
        mean: FloatArray = self.weights @ self.means
        return mean

    @property
    def covariance(self) -> FloatArray:
        """Posterior covariance of the interactions, shape (pairs, pairs)."""
        apart = self.means - self.mean
        within = np.tensordot(self.weights, self.covariances, 1)
        covariance: FloatArray = within + (self.weights[:, None] * apart).T @ apart
        return covariance

    @property
    def spread(self) -> float:
        """Posterior mean of the spread."""
        return float(self.weights @ self.spreads)


def joint_model(cohorts: Sequence[Cohort], targets: Targets | None = None) -> JointModel:
    """Return the joint model of the published interactions.

    Parameters
    ----------
    cohorts : sequence of Cohort
        Cohorts like the trial's: how its subgroups overlap, and what they share of the error.
    targets : Targets, optional
        By default the published ones.
    """
    targets = targets or published_targets()
    answers = [_answer_to_interactions(cohort.patients, targets) for cohort in cohorts]
    return JointModel(
        observed=targets.subgroup_log_hr[1::2] - targets.subgroup_log_hr[::2],
        covariance=interaction_covariance(interaction_correlation(cohorts)),
        expected=np.mean([expected for expected, _ in answers], axis=0),
        slopes=np.mean([slopes for _, slopes in answers], axis=0),
    )


def _answer_to_interactions(patients: Patients, targets: Targets) -> tuple[FloatArray, FloatArray]:
    """Return what a trial of some patients shows without interactions, and the slopes.

    Around the truth that shows the published figures, prognostic effects at their prior means
    or where the deaths by subgroup put them.
    """
    effects = identify_death(patients, priors()["death"].mean, targets)[0].coefficients
    death, follow_up = calibrate_death(patients, effects, targets)

    def contrasts(interactions: FloatArray) -> FloatArray:
        truth = replace(death, modification=interactions)
        log_hr = expected_survival([truth], patients, follow_up).log_hazard_ratios
        return log_hr[2::2] - log_hr[1::2]

    steps = _STEP * np.eye(patients.modifiers.shape[1])
    slopes = [(contrasts(step) - contrasts(-step)) / (2 * _STEP) for step in steps]
    return contrasts(np.zeros(len(steps))), np.column_stack(slopes)


def posterior(model: JointModel, scale: float = SPREAD_SCALE) -> Posterior:
    """Return what the interactions are, given what was observed.

    Parameters
    ----------
    scale : float
        Of the half-normal prior of their spread.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance is not positive definite.
    """
    shares = (np.arange(_SPREADS) + 0.5) / _SPREADS
    spreads = scale * np.array([NormalDist().inv_cdf((1 + share) / 2) for share in shares])
    surprise = model.observed - model.expected
    found = [_given_spread(model, surprise, spread) for spread in spreads]
    log_likelihood = np.array([each[0] for each in found])
    weights = np.exp(log_likelihood - log_likelihood.max())
    return Posterior(
        spreads,
        weights / weights.sum(),
        np.array([each[1] for each in found]),
        np.array([each[2] for each in found]),
    )


def _given_spread(
    model: JointModel, surprise: FloatArray, spread: float
) -> tuple[float, FloatArray, FloatArray]:
    """Return log marginal likelihood, mean and covariance under one spread of the prior."""
    marginal = model.covariance + spread**2 * model.slopes @ model.slopes.T
    root = np.linalg.cholesky(marginal)
    whitened = np.linalg.solve(root, surprise)
    gain = np.linalg.solve(root, spread**2 * model.slopes)
    log_likelihood = -0.5 * whitened @ whitened - np.log(np.diag(root)).sum()
    covariance = spread**2 * np.eye(len(surprise)) - gain.T @ gain
    return float(log_likelihood), gain.T @ whitened, (covariance + covariance.T) / 2


def draw_interactions(found: Posterior, members: int, seed: int) -> FloatArray:
    """Return one draw of all interactions for each member, shape (pairs, members).

    The spreads are spread evenly over their posterior by the golden ratio's multiples, and
    members come in pairs with the same spread and opposite deviations: their average is then
    close to the posterior mean without many members. The draws have nothing to do with the
    members' virtual trials.

    Parameters
    ----------
    seed : int
        The ensemble's; the stream is another than that of the virtual trials.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, _STREAM]))
    couples = (members + 1) // 2
    shares = (0.5 + _GOLDEN_RATIO * np.arange(couples)) % 1.0
    places = np.searchsorted(np.cumsum(found.weights), shares).clip(max=len(found.weights) - 1)
    normal = rng.standard_normal((couples, found.means.shape[1]))
    drawn = []
    for place, deviation in zip(places, normal, strict=True):
        root = np.linalg.cholesky(found.covariances[place])
        drawn += [found.means[place] + sign * root @ deviation for sign in (1.0, -1.0)]
    return np.column_stack(drawn[:members])


def centring(cohorts: Sequence[Cohort]) -> tuple[FloatArray, FloatArray]:
    """Return the shares of the second subgroups among those who died.

    In a trial with two arms of equal size each death carries about the same information on
    a hazard ratio; centred at these shares, the shifts average out to the overall effect.

    Returns
    -------
    centre : array, shape (pairs,)
        Among all.
    means : array, shape (subgroups, pairs)
        Within each of the sixteen subgroups.
    """
    centres, means = [], []
    for cohort in cohorts:
        died = (cohort.outcomes.os_event == EVENT).astype(float)
        second = memberships(cohort.patients.design)
        centres.append(died @ second / died.sum())
        weights = cohort.patients.members * died
        means.append(weights @ second / weights.sum(axis=1, keepdims=True))
    return np.mean(centres, axis=0), np.mean(means, axis=0)


def subgroup_effects(cohorts: Sequence[Cohort], members: int, seed: int) -> SubgroupEffects:
    """Return the effects of an ensemble: one draw of the joint model a member.

    Parameters
    ----------
    cohorts : sequence of Cohort
        As `joint_model`.
    """
    centre, means = centring(cohorts)
    drawn = draw_interactions(posterior(joint_model(cohorts)), members, seed)
    return SubgroupEffects(drawn, centre, means)


@dataclass(frozen=True)
class SubgroupRow:
    """One subgroup of Fig. 3, as printed and as the joint model has it.

    Attributes
    ----------
    printed : float
        Hazard ratio of the figure over that of all patients (unstratified).
    shrunken, lower, upper : float
        Ratio to the overall effect in the joint model, and its 95% limits: mean and normal
        limits on the log scale.
    """

    label: str
    printed: float
    shrunken: float
    lower: float
    upper: float


def subgroup_rows(found: Posterior, shares: tuple[FloatArray, FloatArray]) -> list[SubgroupRow]:
    """Return the sixteen subgroups in the paper's order, from the posterior without draws.

    Parameters
    ----------
    shares : tuple of arrays
        As `centring`.
    """
    centre, means = shares
    centred = means - centre
    shifts = centred @ found.mean
    errors = np.sqrt(np.einsum("gi,ij,gj->g", centred, found.covariance, centred))
    reach = NormalDist().inv_cdf(0.975) * errors
    groups = [group for pair in pairs() for group in pair.subgroups]
    overall = published_targets().os_log_hr
    return [
        SubgroupRow(group.label, group.estimate / math.exp(overall), *map(math.exp, limits))
        for group, *limits in zip(groups, shifts, shifts - reach, shifts + reach, strict=True)
    ]
