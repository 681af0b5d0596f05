"""The columns of a scored list and of its rejects: names, what they say, when they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.bundle import TRAINING_DATA
from models.language import N_, _, joined
from models.outcomes import (
    ALL_EFFECTS,
    DIFFERENCE,
    EXPLORATORY_EFFECTS,
    MODELS,
    OUTCOMES,
    OVERALL_EFFECT,
    SHOWN_ARMS,
    SHOWN_EFFECTS,
)
from models.rounding import MACHINE_DECIMALS


def _listed(values: Iterable[str]) -> str:
    """Return codes in backticks, as alternatives in the language of the context."""
    return _(" or ").join(f"`{value}`" for value in values)


@dataclass(frozen=True)
class Column:
    """A column that every scored list has, and what it says.

    Attributes
    ----------
    text : str
        What it says, with places for codes; marked where the page on columns shows it.
    codes : mapping of str to sequence of str
        What fills each place, as alternatives.
    """

    name: str
    text: str
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def meaning(self) -> str:
        """What it says, in the language of the context; codes stand in backticks."""
        places = {name: _listed(codes) for name, codes in self.codes.items()}
        return _(self.text).format(**places)


_LIMITS = N_("`_lower` and `_upper` behind it name the interval's limits.")


#: With one decimal a lower limit of -4 percentage points would be told as 0.
FEWEST_DECIMALS = 2


@dataclass(frozen=True)
class Chosen:
    """Which figures a list has.

    Attributes
    ----------
    outcomes, arms : tuple of str
        In the order of `models.outcomes`.
    digits : int
        Decimals of a figure, from `FEWEST_DECIMALS` to those of all doors.
    """

    outcomes: tuple[str, ...] = tuple(outcome.name for outcome in OUTCOMES)
    arms: tuple[str, ...] = SHOWN_ARMS
    digits: int = MACHINE_DECIMALS

    @property
    def has_pooled(self) -> bool:
        """Whether the difference in survival is among them, which the pooled effect goes with."""
        return OUTCOMES[0].name in self.outcomes and DIFFERENCE in self.arms


@dataclass(frozen=True)
class FigureColumns:
    """Columns of figures, one or more a horizon, named by a pattern.

    Attributes
    ----------
    pattern : str
        The name, with outcome, arm, month, model and effect in braces.
    text : str
        What the figures are; marked where the page on columns shows it.
    present : str
        When the list has them.
    has_limits : bool
        Whether ``_lower`` and ``_upper`` follow each.
    """

    pattern: str
    text: str
    present: str
    has_limits: bool = True

    @property
    def meaning(self) -> str:
        """What the figures are, and how their limits are named, in the context's language."""
        return joined(_(self.text), _(_LIMITS) if self.has_limits else "")

    @property
    def always_present(self) -> bool:
        """Whether every scored list has them."""
        return self.present == _ALWAYS

    def names(self, horizons: Iterable[int], **places: str) -> list[str]:
        """Return the names at some horizons; `places` are outcome, arm, model and effect."""
        suffixes = [suffix for _kind, suffix in _KINDS] if self.has_limits else [""]
        return [
            self.pattern.format(month=month, **places) + suffix
            for month in horizons
            for suffix in suffixes
        ]

    def names_by_arm(
        self, horizons: Iterable[int], chosen: Chosen | None = None, **places: str
    ) -> list[str]:
        """Return the names of the chosen outcomes and arms (of all), in their order."""
        months = tuple(horizons)
        chosen = chosen or Chosen()
        return [
            name
            for outcome in chosen.outcomes
            for arm in chosen.arms
            for name in self.names(months, outcome=outcome, arm=arm, **places)
        ]


_KINDS = (("estimate", ""), ("lower", "_lower"), ("upper", "_upper"))

START_COLUMNS = (
    Column("row_id", N_("What the sender named the row, as it came; empty without one.")),
    Column(
        "status",
        N_(
            "`ok`, `out_of_scope` (no figures, `reasons`), `rejected` (`errors`), or, in the last "
            "row of the API, `stopped`: there was no time for the others."
        ),
    ),
    Column("model", N_("The bundle: `id@version`.")),
)
CODE_COLUMNS = (
    Column("caveats", N_("Codes of the caveats that must be read with the figures.")),
    Column("subgroups", N_("Codes of the subgroups that she belongs to.")),
    Column("assumed", N_("Covariates that are not known; averaged over where there are figures.")),
    Column("reasons", N_("Codes of why she is out of scope.")),
    Column("errors", N_("Codes of what is wrong with a rejected row.")),
    Column(
        "applicability",
        N_("Codes of how well the trial speaks about her, and of why figures are withheld."),
    ),
)
#: What must never be apart from the figures, on every row.
STATEMENT_COLUMNS = (
    Column(
        "error_messages", N_("What is wrong with a rejected row and what is accepted, in words.")
    ),
    Column(
        "model_kind",
        N_("The model behind the figures without a suffix: {models}."),
        {"models": MODELS},
    ),
    Column(
        "effect",
        N_(
            "The effect of surgery behind the figures without a suffix: {effects}; {overall} "
            "when {exploratory} was asked for."
        ),
        {
            "effects": SHOWN_EFFECTS,
            "overall": (OVERALL_EFFECT,),
            "exploratory": (*EXPLORATORY_EFFECTS, ALL_EFFECTS),
        },
    ),
    Column("interval_level", N_("The level of all intervals.")),
    Column(
        "training_data",
        N_("What the bundle was fitted to: {kinds}."),
        {"kinds": TRAINING_DATA},
    ),
    Column("intended_use", N_("What the figures may be used for.")),
)
_ALWAYS = "always"
SHOWN = FigureColumns(
    "{outcome}_{arm}_{month}",
    N_("The figures of the analysis that was asked for: that of `model_kind` and `effect`."),
    _ALWAYS,
)
POOLED = FigureColumns(
    f"{OUTCOMES[0].name}_{DIFFERENCE}_pooled_{{month}}",
    N_(
        "Difference in survival under the pooled effect of the four earlier randomised trials, by "
        "the model of `model_kind`."
    ),
    _ALWAYS,
)
FURTHER = FigureColumns(
    "{outcome}_{arm}_{model}_{effect}_{month}",
    "The figures of another analysis beside the one that was asked for.",
    "when another model or effect than the default was asked for",
)
EXPLORATORY = FigureColumns(
    "{outcome}_{arm}_{model}_{effect}_exploratory_{month}",
    "The figures of an exploratory analysis: a hypothesis, never to be used alone. They stand "
    "behind those of all other analyses, before the difference of the models.",
    f"with effect {_listed((*EXPLORATORY_EFFECTS, ALL_EFFECTS))}",
)
DISAGREEMENT = FigureColumns(
    "{outcome}_{arm}_forest_minus_cox_{month}",
    "The forest's estimate minus the Cox model's, both under the whole trial's effect.",
    "when both models' figures are listed",
    has_limits=False,
)

#: What a line of a long list is about, and its figures.
LONG_FIGURE_COLUMNS = (
    Column("outcome", "The outcome; empty where she has no figures."),
    Column("arm", "The arm, or `difference`: surgery minus none."),
    Column("month", "Whole months after the decision."),
    Column("estimate", "The estimate, a probability or a difference of two."),
    Column("lower", "The interval's lower limit."),
    Column("upper", "The interval's upper limit."),
    Column(
        "exploratory",
        "`true`: a hypothesis, never to be used alone. Such lines stand behind all others.",
    ),
)
#: What stands in `model_kind` of a long list for the forest's estimate minus the Cox model's.
FOREST_MINUS_COX = "forest_minus_cox"

#: Every column of a scored list, in order; a list has those figures that its options call for.
SCORED_COLUMNS: tuple[Column | FigureColumns, ...] = (
    *START_COLUMNS,
    SHOWN,
    *CODE_COLUMNS,
    *STATEMENT_COLUMNS,
    POOLED,
    FURTHER,
    EXPLORATORY,
    DISAGREEMENT,
)
#: The columns of the table of rejects, one row a problem.
REJECTS: tuple[Column, ...] = (
    Column("line", "Where the row stands in the input, counted from 1, the header included."),
    Column("row_id", "What the sender named the row."),
    Column("field", "The field that is wrong; empty when the whole row is meant."),
    Column("code", "The code of the problem."),
    Column("message", "What is wrong, in words, with the value that was sent."),
    Column("accepted", "What would be accepted."),
)
REJECT_COLUMNS: tuple[str, ...] = tuple(column.name for column in REJECTS)
CODES: tuple[str, ...] = tuple(column.name for column in CODE_COLUMNS)
