"""The figures of an answer: as numbers, and written as JSON, those of a whole list at once.

Most of what an answer costs beside its arithmetic are its figures. Those of many patients are
rounded and written together, and put into the text around them, which is made once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Any

import numpy as np
from orjson import Fragment

from models.analyses import Analysis
from models.eligibility import Note
from models.intervals import Estimates
from models.language import _, current_language
from models.outcomes import OUTCOMES, SHOWN_ARMS, Outcome
from models.pooled import pooled_figure
from models.prediction import Prediction
from models.rounding import for_machines
from models.table import FloatArray
from service.encoding import ARRAY, array_texts, filled, text_around

#: What a band consists of.
_KINDS = ("estimate", "lower", "upper")
#: Arrays of one outcome.
_BANDS = len(SHOWN_ARMS) * len(_KINDS)


def outcomes_part(prediction: Prediction, analysis: Analysis | None = None) -> dict[str, Any]:
    """Return the figures by outcome, arm and kind, to four decimals.

    What is withheld has its reason in place of figures.

    Parameters
    ----------
    analysis : Analysis or None
        One that was computed; ``None`` is the one that the answer shows.
    """
    estimates = prediction.shown if analysis is None else prediction.analyses[analysis]
    return _outcomes(_bands([estimates]).tolist(), prediction.eligibility.ulceration_withheld)


def pooled_part(prediction: Prediction) -> dict[str, Any]:
    """Return overall survival under the pooled effect, with the published ratio behind it."""
    (bands,) = _bands([_pooled_table(prediction)]).tolist()
    return _pooled(bands)


def disagreement_part(prediction: Prediction) -> dict[str, Any]:
    """Return forest minus Cox by outcome and arm, to four decimals; empty when not both stand.

    What is withheld has no disagreement either.
    """
    forest_minus_cox = prediction.disagreement
    if forest_minus_cox is None:
        return {}
    return {
        outcome.name: {
            arm: for_machines(forest_minus_cox[place, number]).tolist()
            for number, arm in enumerate(SHOWN_ARMS)
        }
        for place, outcome in enumerate(OUTCOMES)
        if not is_withheld(prediction, outcome)
    }


def is_withheld(prediction: Prediction, outcome: Outcome) -> bool:
    """Return whether figures of an outcome have no meaning for this patient."""
    return _is_withheld(outcome, prediction.eligibility.ulceration_withheld)


@dataclass(frozen=True)
class WrittenFigures:
    """The figures of one patient, written already.

    Attributes
    ----------
    outcomes, pooled : Fragment
        As `outcomes_part` and `pooled_part`.
    listed : tuple of Fragment
        As `outcomes_part`, for each of `Prediction.listed`.
    """

    outcomes: Fragment
    pooled: Fragment
    listed: tuple[Fragment, ...]


def written_figures(predictions: Sequence[Prediction]) -> Iterator[WrittenFigures]:
    """Yield the figures of each of some patients in scope who were asked about alike."""
    if not predictions:
        return
    bands = _bands([table for each in predictions for table in _tables(each)])
    texts = iter(array_texts(bands.reshape(-1, bands.shape[-1])))
    for each in predictions:
        withheld = each.eligibility.ulceration_withheld
        yield WrittenFigures(
            _written_outcomes(texts, withheld),
            filled(_pooled_text(), list(islice(texts, _BANDS))),
            tuple([_written_outcomes(texts, withheld) for _analysis in each.listed]),
        )


def _tables(prediction: Prediction) -> Iterator[Estimates]:
    """Yield all figures of an answer, tables of shape (outcomes, shown arms, horizons)."""
    yield prediction.shown
    yield _pooled_table(prediction)
    for analysis in prediction.listed:
        yield prediction.analyses[analysis]


def _pooled_table(prediction: Prediction) -> Estimates:
    """Return overall survival under the pooled effect as a table of one outcome."""
    found = prediction.pooled_survival
    return Estimates(found.estimate[None], found.lower[None], found.upper[None])


def _bands(tables: Sequence[Estimates]) -> FloatArray:
    """Return the figures of some tables behind each other, to four decimals.

    Parameters
    ----------
    tables : sequence of Estimates
        Arrays of shape (outcomes, shown arms, horizons), outcomes as many as may be.

    Returns
    -------
    array, shape (all outcomes, shown arms, kinds, horizons)

    Raises
    ------
    ValueError
        If one is not finite, which no sound bundle gives.
    """
    sides = [np.concatenate([getattr(table, kind) for table in tables]) for kind in _KINDS]
    rounded = for_machines(np.array(sides))
    # A sum is not finite when one of its terms is not.
    if not math.isfinite(rounded.sum()):
        raise ValueError("a figure is not finite")
    return np.ascontiguousarray(rounded.transpose(1, 2, 0, 3))


def _outcomes(bands: list[Any], withheld: Note | None) -> dict[str, Any]:
    """Return the outcomes by name.

    Parameters
    ----------
    bands : nested list, shape (outcomes, shown arms, kinds)
        Arrays of figures, or what stands for them.
    withheld : Note or None
        Why figures for ulceration are not given.
    """
    reason = {} if withheld is None else {"withheld": withheld.as_dict()}
    return {
        outcome.name: {
            "quantity": _(outcome.quantity),
            **(reason if _is_withheld(outcome, withheld) else _by_arm(arms)),
        }
        for outcome, arms in zip(OUTCOMES, bands, strict=True)
    }


def _pooled(bands: list[Any]) -> dict[str, Any]:
    """Return overall survival under the pooled effect; bands of shape (shown arms, kinds)."""
    published = pooled_figure()
    return {
        "evidence": published.id,
        "hazard_ratio": published.estimate,
        "interval": list(published.interval or ()),
        "interval_level": published.level,
        **_by_arm(bands),
    }


def _by_arm(bands: list[Any]) -> dict[str, dict[str, Any]]:
    """Return the band of each arm."""
    return {
        arm: dict(zip(_KINDS, band, strict=True))
        for arm, band in zip(SHOWN_ARMS, bands, strict=True)
    }


def _is_withheld(outcome: Outcome, ulceration_withheld: Note | None) -> bool:
    return outcome.name == "local_ulceration" and ulceration_withheld is not None


#: Stands for the bands of one outcome in a text that is made once.
_GAPS = [[ARRAY] * len(_KINDS)] * len(SHOWN_ARMS)


def _written_outcomes(texts: Iterator[bytes], withheld: Note | None) -> Fragment:
    """Return what `_outcomes` does, written; the texts of its arrays are taken."""
    by_outcome = [list(islice(texts, _BANDS)) for _outcome in OUTCOMES]
    shown = [
        found
        for outcome, found in zip(OUTCOMES, by_outcome, strict=True)
        if not _is_withheld(outcome, withheld)
    ]
    return filled(_outcomes_text(withheld, current_language()), list(chain.from_iterable(shown)))


@lru_cache(16)
def _outcomes_text(withheld: Note | None, language: str) -> list[bytes]:  # noqa: ARG001
    """Return the text around an answer's figures; the language is the context's."""
    return text_around(_outcomes([_GAPS] * len(OUTCOMES), withheld))


@cache
def _pooled_text() -> list[bytes]:
    return text_around(_pooled(_GAPS))
