"""The vocabulary of an answer: outcomes, arms, models, effects, horizons and levels."""

from __future__ import annotations

from dataclasses import dataclass

from models.language import N_


@dataclass(frozen=True)
class Outcome:
    """One of the four outcomes.

    Attributes
    ----------
    name : str
        The name in JSON and CSV.
    label : str
        The words for a person.
    quantity : str
        What the figures are.
    event_hazards : tuple of str
        The bundle's hazards whose events end the survival, or the one hazard of the event
        whose incidence is meant.
    competing_hazard : str or None
        For an incidence, the hazard of death without the event; ``None`` for a survival
        probability, in which death counts.
    remark : str
        What a person must know to read it right.
    """

    name: str
    label: str
    quantity: str
    event_hazards: tuple[str, ...]
    competing_hazard: str | None = None
    remark: str = ""

    @property
    def hazards(self) -> tuple[str, ...]:
        """All hazards that the outcome needs."""
        return tuple(h for h in (*self.event_hazards, self.competing_hazard) if h is not None)


OUTCOMES: tuple[Outcome, ...] = (
    Outcome("overall_survival", N_("Alive"), N_("probability alive"), ("death",)),
    Outcome(
        "local_relapse_free_survival",
        N_("Alive without local progression"),
        N_("probability alive without local progression"),
        ("local_progression", "death_without_local_progression"),
        remark=N_(
            "It ends with local progression or with death. The paper defines it in an appendix "
            "that we have not seen: this is our reading. The trial was open label."
        ),
    ),
    Outcome(
        "local_ulceration",
        N_("Ulceration of the primary site"),
        N_("cumulative incidence, death competing"),
        ("ulceration",),
        "death_without_ulceration",
    ),
    Outcome(
        "local_bleeding",
        N_("Bleeding from the primary site"),
        N_("cumulative incidence, death competing"),
        ("bleeding",),
        "death_without_bleeding",
    ),
)

#: Survival probabilities stand first, incidences behind them.
SURVIVALS: tuple[Outcome, ...] = tuple(o for o in OUTCOMES if o.competing_hazard is None)
INCIDENCES: tuple[Outcome, ...] = tuple(o for o in OUTCOMES if o.competing_hazard is not None)

#: Every hazard that a bundle holds.
HAZARDS: tuple[str, ...] = tuple(hazard for outcome in OUTCOMES for hazard in outcome.hazards)

SYSTEMIC_THERAPY = "systemic_therapy"
PTR = "ptr_plus_systemic_therapy"
DIFFERENCE = "difference"

#: The arms are policies (intention to treat); a person reads these words.
ARM_LABELS: dict[str, str] = {
    SYSTEMIC_THERAPY: N_("not offered surgery"),
    PTR: N_("offered surgery"),
    DIFFERENCE: N_("difference"),
}
ARMS: tuple[str, ...] = (SYSTEMIC_THERAPY, PTR)
SHOWN_ARMS: tuple[str, ...] = tuple(ARM_LABELS)

COX, FOREST = "cox", "forest"
MODEL_LABELS: dict[str, str] = {COX: N_("Cox model"), FOREST: N_("random survival forest")}
MODELS: tuple[str, ...] = tuple(MODEL_LABELS)
DEFAULT_MODEL = COX
OVERALL_EFFECT, POOLED_EFFECT, SUBGROUP_EFFECT = "overall", "pooled", "subgroup"
LEARNED_EFFECT, ALL_EFFECTS = "learned", "all"
#: The effects of surgery whose figures can be an answer's own: the whole trial's, or that of the
#: four earlier randomised trials together.
SHOWN_EFFECTS: tuple[str, ...] = (OVERALL_EFFECT, POOLED_EFFECT)
#: Exploratory effects, which differ between patients: by the subgroups that she belongs to,
#: shrunk and estimated together, and what the forest finds by itself.
EXPLORATORY_EFFECTS: tuple[str, ...] = (SUBGROUP_EFFECT, LEARNED_EFFECT)
#: The effects of one analysis. Local outcomes take the whole trial's under each of them but the
#: forest's own.
ANALYSIS_EFFECTS: tuple[str, ...] = (*SHOWN_EFFECTS, *EXPLORATORY_EFFECTS)
#: What can be asked for: one of them, or all beside each other.
EFFECTS: tuple[str, ...] = (*ANALYSIS_EFFECTS, ALL_EFFECTS)
DEFAULT_EFFECT = OVERALL_EFFECT

FIRST_HORIZON = 1
LAST_HORIZON = 96
DEFAULT_HORIZONS: tuple[int, ...] = (12, 24, 36, 48, 60)
MEDIAN_FOLLOW_UP = 60
UPPER_QUARTILE_OF_FOLLOW_UP = 80
#: The one time at which the paper gives ulceration and bleeding, in months.
LOCAL_COMPLICATIONS_GIVEN_AT = 48

LOWEST_LEVEL = 0.80
HIGHEST_LEVEL = 0.99
DEFAULT_LEVEL = 0.95
