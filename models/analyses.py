"""Which model under which effect of surgery: what an answer can show beside the default."""

from __future__ import annotations

from dataclasses import dataclass

from models.outcomes import (
    ALL_EFFECTS,
    COX,
    FOREST,
    LEARNED_EFFECT,
    OVERALL_EFFECT,
    POOLED_EFFECT,
)


@dataclass(frozen=True)
class Analysis:
    """One model under one effect of surgery.

    Attributes
    ----------
    model : str
        One of `models.outcomes.MODELS`.
    effect : str
        ``overall``, ``pooled`` or ``learned``.
    """

    model: str
    effect: str

    @property
    def exploratory(self) -> bool:
        """Whether it may never stand alone or first."""
        return self.effect == LEARNED_EFFECT


DEFAULT_ANALYSIS = Analysis(COX, OVERALL_EFFECT)
FOREST_ANALYSIS = Analysis(FOREST, OVERALL_EFFECT)
LEARNED_ANALYSIS = Analysis(FOREST, LEARNED_EFFECT)


def shown_analysis(model: str, effect: str) -> Analysis:
    """Return the analysis whose figures are the answer's own.

    An exploratory effect is never that; the model's figures under the whole trial's effect
    are shown in its place, and it stands among `listed_analyses`.
    """
    return Analysis(model, POOLED_EFFECT if effect == POOLED_EFFECT else OVERALL_EFFECT)


def listed_analyses(model: str, effect: str, kinds: tuple[str, ...]) -> tuple[Analysis, ...]:
    """Return the analyses that stand beside each other, the default first.

    Parameters
    ----------
    kinds : tuple of str
        The models that the bundle holds.

    Returns
    -------
    tuple of Analysis
        Empty when only the default is asked for.
    """
    if effect == ALL_EFFECTS:
        return tuple(each for each in _EVERY if each.model in kinds)
    shown = shown_analysis(model, effect)
    asked = {shown, Analysis(model, effect)}
    if asked == {DEFAULT_ANALYSIS}:
        return ()
    # Like beside like: each model under each effect that is asked for, and under the default.
    effects = {OVERALL_EFFECT, effect}
    return tuple(
        each
        for each in _EVERY
        if each.model in {COX, model} and each.model in kinds and each.effect in effects
    )


#: The default first, exploratory ones last.
_EVERY = (
    DEFAULT_ANALYSIS,
    Analysis(COX, POOLED_EFFECT),
    FOREST_ANALYSIS,
    Analysis(FOREST, POOLED_EFFECT),
    LEARNED_ANALYSIS,
)
