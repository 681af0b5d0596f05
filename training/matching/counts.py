"""The printed counts beside those of a cohort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.covariates import FIELDS
from models.evidence import figure, pairs, table_1
from models.outcomes import ARM_LABELS, ARMS, LOCAL_COMPLICATIONS_GIVEN_AT
from models.table import FloatArray
from training.cohort import Cohort
from training.covariate_sampling import receptor_counts
from training.matching.start import receptor_deaths
from training.matching.state import RECEPTORS
from training.matching.tables import cells_of
from training.simulation import EVENT

_RECEPTOR_LABELS = (
    "triple negative",
    "ER negative, HER2 positive",
    "ER positive, HER2 negative",
    "ER and HER2 positive",
)
_AGE_QUANTILES = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}


class Count(NamedTuple):
    """A printed whole number and what a cohort has."""

    name: str
    published: int
    reached: float

    @property
    def exact(self) -> bool:
        """Whether the cohort has it."""
        return self.reached == self.published

    def cells(self) -> tuple[str, str, str, str]:
        """Return name, published, reached and whether it is exact, as text."""
        return self.name, str(self.published), f"{self.reached:g}", "yes" if self.exact else "no"


def counts(cohort: Cohort) -> list[Count]:
    """Return every printed count beside the cohort's."""
    found = list(_both_arms(cohort))
    for number, arm in enumerate(ARMS):
        own = cohort.patients.arm == number
        found += [
            count._replace(name=f"{count.name}, {ARM_LABELS[arm]}")
            for count in _of_arm(cohort, arm, own)
        ]
    return found


def _both_arms(cohort: Cohort) -> Iterator[Count]:
    for site, published in table_1()["one_organ_sites"].items():
        yield Count(f"One organ: {site}", published, cohort.sites.count(site))


def _of_arm(cohort: Cohort, arm: str, own: FloatArray) -> Iterator[Count]:
    number = ARMS.index(arm)
    died = own & (cohort.outcomes.os_event == EVENT)
    yield Count("Patients", table_1()["arms"][arm], own.sum())
    yield Count("Deaths", figure(f"os.events.{arm}").events or 0, died.sum())
    yield from _table_1(cohort, arm, own)
    members = cohort.patients.members == 1
    groups = [group for pair in pairs() for group in pair.subgroups]
    for group, member in zip(groups, members, strict=True):
        yield Count(f"Fig. 3: {group.label}: patients", group.n[number], (own & member).sum())
        yield Count(f"Fig. 3: {group.label}: deaths", group.deaths[number], (died & member).sum())
    cells = cells_of(cohort)[:, RECEPTORS]
    for cell, label in enumerate(_RECEPTOR_LABELS):
        inside = cells == cell
        yield Count(f"{label}: patients", receptor_counts(arm)[cell], (own & inside).sum())
        yield Count(f"{label}: deaths", receptor_deaths(number)[cell], (died & inside).sum())
    for name in ("ulceration", "bleeding"):
        yield Count(
            f"{name.capitalize()} by {LOCAL_COMPLICATIONS_GIVEN_AT} months",
            figure(f"{name}.{arm}").events or 0,
            complications(cohort, name, own),
        )


def _table_1(cohort: Cohort, arm: str, own: FloatArray) -> Iterator[Count]:
    table = cohort.patients.table
    for field, values in table_1()["counts"][arm].items():
        for value, published in values.items():
            code = FIELDS[field].encode(FIELDS[field].read_text(value))
            reached = (own & (table[field] == code)).sum()
            yield Count(f"Table 1: {FIELDS[field].label}: {value}", published, reached)
    for name, share in _AGE_QUANTILES.items():
        published = table_1()["age"][arm][name]
        reached = float(np.quantile(table["age"][own], share))
        yield Count(f"Table 1: age, {name.replace('_', ' ')}", published, reached)


def complications(cohort: Cohort, name: str, own: FloatArray) -> int:
    """Return how many patients of an arm had a complication by 48 months."""
    event = getattr(cohort.outcomes, f"{name}_event") == EVENT
    months = getattr(cohort.outcomes, f"{name}_months")
    return int((own & event & (months <= LOCAL_COMPLICATIONS_GIVEN_AT)).sum())
