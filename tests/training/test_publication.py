"""What a trial publishes, rounded as the paper prints it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training import paper
from training.publication import NotPublishable, published_by
from training.statistics import headline


@pytest.fixture(scope="module")
def published(reference_cohort):
    return published_by(reference_cohort.patients, reference_cohort.outcomes)


def test_figures_are_those_of_the_cohort_as_they_are_printed(published, reference_cohort):
    found = headline(reference_cohort.patients.arm, reference_cohort.outcomes)
    assert published.os_medians.tolist() == [round(m, 1) for m in found.os_medians]
    assert published.lrfs_medians.tolist() == [round(m) for m in found.lrfs_medians]
    assert np.exp(published.os_log_hr) == pytest.approx(round(found.os_hr, 3))
    assert np.exp(published.lrfs_log_hr) == pytest.approx(round(found.lrfs_hr, 2))
    assert published.deaths == found.deaths.sum()
    assert published.ulceration.tolist() == found.ulceration.tolist()


def test_a_cohort_like_the_trial_publishes_figures_like_the_papers(published):
    assert published.os_medians == pytest.approx(paper.OS_MEDIANS, abs=3)
    assert published.ulceration == pytest.approx(paper.ULCERATION, abs=0.02)


def test_deaths_of_both_subgroups_of_a_pair_are_all_deaths(published):
    pairs = published.subgroup_deaths.reshape(-1, 2)
    assert (pairs.sum(axis=1) == published.deaths).all()


def test_a_median_that_is_not_reached_cannot_be_published(reference_cohort):
    patients, outcomes = reference_cohort.patients, reference_cohort.outcomes
    alive = np.where(patients.arm == 1, 0.0, outcomes.os_event)
    with pytest.raises(NotPublishable, match="median"):
        published_by(patients, replace(outcomes, os_event=alive))


def test_a_subgroup_without_deaths_in_one_arm_cannot_be_published(reference_cohort):
    patients, outcomes = reference_cohort.patients, reference_cohort.outcomes
    spared = patients.members[0].astype(bool) & (patients.arm == 1)
    event = np.where(spared, 0.0, outcomes.os_event)
    # They leave at once, so that the arm's median is still reached.
    months = np.where(spared, 0.1, outcomes.os_months)
    with pytest.raises(NotPublishable, match="subgroup"):
        published_by(patients, replace(outcomes, os_event=event, os_months=months))
