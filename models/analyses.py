"""Which model under which effect of surgery: what an answer can show beside the default."""

from __future__ import annotations

from dataclasses import dataclass

from models.outcomes import (
    ALL_EFFECTS,
    COX,
    EXPLORATORY_EFFECTS,
    FOREST,
    LEARNED_EFFECT,
    OVERALL_EFFECT,
    POOLED_EFFECT,
    SUBGROUP_EFFECT,
)


@dataclass(frozen=True)
class Analysis:
    """One model under one effect of surgery.

    Attributes
    ----------
    model : str
        One of `models.outcomes.MODELS`.
    effect : str
        One of `models.outcomes.ANALYSIS_EFFECTS`.
    """

    model: str
    effect: str

    @property
    def exploratory(self) -> bool:
        """Whether it may never stand alone or first."""
        return self.effect in EXPLORATORY_EFFECTS


DEFAULT_ANALYSIS = Analysis(COX, OVERALL_EFFECT)
FOREST_ANALYSIS = Analysis(FOREST, OVERALL_EFFECT)
SUBGROUP_ANALYSIS = Analysis(COX, SUBGROUP_EFFECT)
FOREST_SUBGROUP_ANALYSIS = Analysis(FOREST, SUBGROUP_EFFECT)
LEARNED_ANALYSIS = Analysis(FOREST, LEARNED_EFFECT)

#: The default first, exploratory ones last.
EVERY_ANALYSIS: tuple[Analysis, ...] = (
    DEFAULT_ANALYSIS,
    Analysis(COX, POOLED_EFFECT),
    FOREST_ANALYSIS,
    Analysis(FOREST, POOLED_EFFECT),
    SUBGROUP_ANALYSIS,
    FOREST_SUBGROUP_ANALYSIS,
    LEARNED_ANALYSIS,
)


def shown_analysis(model: str, effect: str) -> Analysis:
    """Return the analysis whose figures are the answer's own.

    An exploratory effect is never that; the model's figures under the whole trial's effect
    are shown in its place, and it stands among `listed_analyses`.
    """
    return Analysis(model, POOLED_EFFECT if effect == POOLED_EFFECT else OVERALL_EFFECT)


def listed_analyses(
    model: str, effect: str, held: tuple[Analysis, ...] = EVERY_ANALYSIS
) -> tuple[Analysis, ...]:
    """Return the analyses that stand beside each other, the default first.

    Parameters
    ----------
    held : tuple of Analysis
        Those that the bundle can answer, in the order of `EVERY_ANALYSIS`.

    Returns
    -------
    tuple of Analysis
        Empty when only the default is asked for.
    """
    if effect == ALL_EFFECTS:
        return held
    shown = shown_analysis(model, effect)
    asked = {shown, Analysis(model, effect)}
    if asked == {DEFAULT_ANALYSIS}:
        return ()
    # Like beside like: each model under each effect that is asked for, and under the default.
    effects = {OVERALL_EFFECT, effect}
    return tuple(each for each in held if each.model in {COX, model} and each.effect in effects)
