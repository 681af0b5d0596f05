"""What a trial publishes: the figures of a cohort, rounded as the paper prints them."""

from __future__ import annotations

import numpy as np

from models.outcomes import LOCAL_COMPLICATIONS_GIVEN_AT
from models.table import FloatArray
from training.simulation import EVENT, Outcomes
from training.statistics import hazard_ratio, headline, median
from training.targets import Targets
from training.truth import Patients

#: Decimals with which the paper prints each kind of figure.
_OS_MEDIAN_DECIMALS, _LRFS_MEDIAN_DECIMALS = 1, 0
_OS_RATIO_DECIMALS, _LRFS_RATIO_DECIMALS = 3, 2
_FOLLOW_UP_DECIMALS = 0


class NotPublishable(ValueError):
    """A figure that the paper prints does not exist in this trial."""


def published_by(patients: Patients, outcomes: Outcomes, *, subgroups: bool = True) -> Targets:
    """Return the figures of a trial as its report would print them.

    Parameters
    ----------
    subgroups : bool
        Whether the figures by subgroup are needed; without them those arrays are empty.

    Raises
    ------
    NotPublishable
        If a median is not reached, or nobody of a subgroup died in one of the arms.
    """
    died = outcomes.os_event == EVENT
    for arm in (0, 1):
        rows = patients.arm == arm
        if not np.isfinite(median(outcomes.os_months[rows], died[rows])):
            raise NotPublishable("a median is not reached")
    found = headline(patients.arm, outcomes)
    nothing = np.zeros(0)
    return Targets(
        os_medians=found.os_medians.round(_OS_MEDIAN_DECIMALS),
        lrfs_medians=found.lrfs_medians.round(_LRFS_MEDIAN_DECIMALS),
        os_log_hr=float(np.log(round(found.os_hr, _OS_RATIO_DECIMALS))),
        lrfs_log_hr=float(np.log(round(found.lrfs_hr, _LRFS_RATIO_DECIMALS))),
        deaths=float(died.sum()),
        subgroup_deaths=patients.members @ died if subgroups else nothing,
        subgroup_log_hr=(
            _subgroup_log_ratios(patients, outcomes.os_months, died) if subgroups else nothing
        ),
        follow_up_quartiles=found.follow_up_quartiles.round(_FOLLOW_UP_DECIMALS),
        ulceration=found.ulceration,
        bleeding=found.bleeding,
        local_month=LOCAL_COMPLICATIONS_GIVEN_AT,
    )


def _subgroup_log_ratios(patients: Patients, months: FloatArray, died: FloatArray) -> FloatArray:
    ratios = []
    for member in patients.members.astype(bool):
        arm, event = patients.arm[member], died[member]
        if min(event[arm == 0].sum(), event[arm == 1].sum()) == 0:
            raise NotPublishable("nobody of a subgroup died in one of the arms")
        ratio = hazard_ratio(arm, months[member], event)
        ratios.append(np.log(round(ratio, _OS_RATIO_DECIMALS)))
    return np.array(ratios)
