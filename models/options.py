"""What may be asked beside the patient: horizons, model, effect, level and bundle.

One reading for all doors: `read_options` takes decoded JSON, `read_options_text` the texts of a
query string or a command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.analyses import EVERY_ANALYSIS, Analysis, listed_analyses, shown_analysis
from models.assess import Question
from models.errors import InvalidInput, Problem
from models.fields import echo, read_number
from models.language import _
from models.outcomes import (
    ALL_EFFECTS,
    COX,
    DEFAULT_EFFECT,
    DEFAULT_HORIZONS,
    DEFAULT_LEVEL,
    DEFAULT_MODEL,
    EFFECTS,
    FIRST_HORIZON,
    FOREST,
    HIGHEST_LEVEL,
    LAST_HORIZON,
    LEARNED_EFFECT,
    LOWEST_LEVEL,
    MODEL_LABELS,
    MODELS,
    OVERALL_EFFECT,
    POOLED_EFFECT,
    SUBGROUP_EFFECT,
)


@dataclass(frozen=True)
class Options:
    """A checked choice.

    Attributes
    ----------
    horizons_months : tuple of int
        Whole months after the decision, 1 to 96, as asked.
    interval_level : float
        0.80 to 0.99.
    bundle : str or None
        ``id`` or ``id@version`` of the bundle to use; ``None`` is the default one.
    """

    horizons_months: tuple[int, ...] = DEFAULT_HORIZONS
    model: str = DEFAULT_MODEL
    effect: str = DEFAULT_EFFECT
    interval_level: float = DEFAULT_LEVEL
    bundle: str | None = None

    @property
    def question(self) -> Question:
        """The part that the scoring function needs."""
        return Question(self.horizons_months, self.interval_level)

    @property
    def shown(self) -> Analysis:
        """The analysis whose figures are the answer's own."""
        return shown_analysis(self.model, self.effect)

    def listed(self, held: tuple[Analysis, ...] = EVERY_ANALYSIS) -> tuple[Analysis, ...]:
        """Return the analyses beside each other, as `models.analyses.listed_analyses`."""
        return listed_analyses(self.model, self.effect, held)


def _refuse(name: str, code: str, message: str, accepted: str) -> InvalidInput:
    return InvalidInput([Problem(name, code, message, accepted)])


def _horizons_accepted() -> str:
    words = _("a list of different whole months from {first} to {last}, at least one")
    return words.format(first=FIRST_HORIZON, last=LAST_HORIZON)


def _horizons(value: Any) -> tuple[int, ...]:
    wrong = _wrong_horizons(value)
    if wrong:
        accepted = _horizons_accepted()
        raise InvalidInput([Problem("horizons_months", *each, accepted) for each in wrong])
    return tuple([int(month) for month in value])


def _wrong_horizons(value: object) -> list[tuple[str, str]]:
    """Return the code and the sentence of each thing that is wrong with a list of months."""
    if not isinstance(value, list):
        return [("wrong_type", _("{value} is no list.").format(value=echo(value)))]
    if not value:
        return [("not_accepted", _("[] is an empty list."))]
    if len(value) > LAST_HORIZON:
        message = _("{count} months are more than there are.")
        return [("not_accepted", message.format(count=len(value)))]
    wrong = [each for each in dict.fromkeys(map(_wrong_month, value)) if each is not None]
    if not wrong and len(set(value)) < len(value):
        return [("not_accepted", _("{value} names a month twice.").format(value=echo(value)))]
    return wrong


def _wrong_month(month: Any) -> tuple[str, str] | None:
    """Return the code and the sentence of what is wrong with a month, or ``None``."""
    if not _is_whole(month):
        message = _("{value} is not a whole number of months.")
        return "wrong_type", message.format(value=echo([month]))
    if month > LAST_HORIZON:
        message = _("{month} months is refused: the trial cannot tell so far ahead.")
        return "out_of_range", message.format(month=echo(month))
    if month < FIRST_HORIZON:
        message = _("{month} months is no time after the decision.")
        return "out_of_range", message.format(month=echo(month))
    return None


def _is_whole(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _one_of(name: str, values: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in values:
            message = _("There is no {name} {value}.").format(name=name, value=echo(value))
            accepted = _("one of {values}").format(values=", ".join(values))
            raise _refuse(name, "not_accepted", message, accepted)
        return value

    return read


def _level(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse_level("wrong_type", _("{value} is not a number."), value)
    if not LOWEST_LEVEL <= value <= HIGHEST_LEVEL:
        raise _refuse_level("out_of_range", _("{value} is out of range."), value)
    return float(value)


def _refuse_level(code: str, message: str, value: object) -> InvalidInput:
    accepted = _("a number from {minimum} to {maximum}").format(
        minimum=LOWEST_LEVEL, maximum=HIGHEST_LEVEL
    )
    return _refuse("interval_level", code, message.format(value=echo(value)), accepted)


def _bundle(value: object) -> str:
    if not isinstance(value, str):
        message = _("{value} is no name.").format(value=echo(value))
        raise _refuse("bundle", "wrong_type", message, _("id or id@version"))
    return value


_READERS: dict[str, Callable[[object], Any]] = {
    "horizons_months": _horizons,
    "model": _one_of("model", MODELS),
    "effect": _one_of("effect", EFFECTS),
    "interval_level": _level,
    "bundle": _bundle,
}

OPTION_NAMES: tuple[str, ...] = tuple(_READERS)

#: JSON Schema of each option, for the published contract.
OPTION_SCHEMAS: dict[str, dict[str, Any]] = {
    "horizons_months": {
        "type": "array",
        "items": {"type": "integer", "minimum": FIRST_HORIZON, "maximum": LAST_HORIZON},
        "minItems": 1,
        "uniqueItems": True,
        "default": list(DEFAULT_HORIZONS),
        "description": "At which whole months after the decision about surgery figures are given.",
    },
    "model": {
        "type": "string",
        "enum": list(MODELS),
        "default": DEFAULT_MODEL,
        "description": f"Which kind of model predicts: {COX} (the {MODEL_LABELS[COX]}) or "
        f"{FOREST} (a {MODEL_LABELS[FOREST]}). With {FOREST}, the Cox model's figures stand "
        "beside the forest's.",
    },
    "effect": {
        "type": "string",
        "enum": list(EFFECTS),
        "default": DEFAULT_EFFECT,
        "description": f"Which effect of surgery is used. {OVERALL_EFFECT}: the whole trial's. "
        f"{POOLED_EFFECT}: that of the four earlier randomised trials on survival, by which local "
        f"relapse-free survival is capped; the other outcomes keep the whole trial's. "
        f"{SUBGROUP_EFFECT}: on survival, the whole trial's moved by the subgroups that she "
        f"belongs to, shrunk and estimated together; exploratory: listed in analyses, never the "
        f"figures of the answer. "
        f"{LEARNED_EFFECT}: what the forest itself finds; it needs model {FOREST}, changes all "
        f"outcomes and is exploratory, too. "
        f"{ALL_EFFECTS}: all of them beside each other.",
    },
    "interval_level": {
        "type": "number",
        "minimum": LOWEST_LEVEL,
        "maximum": HIGHEST_LEVEL,
        "default": DEFAULT_LEVEL,
        "description": "Share of the distribution that the intervals hold.",
    },
    "bundle": {"type": "string", "description": "id or id@version of a bundle of /v1/models."},
}


def read_options(message: Mapping[str, object]) -> Options:
    """Return the options of a decoded request; names that are no options are ignored here.

    Raises
    ------
    InvalidInput
        With every problem found.
    """
    chosen: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, read in _READERS.items():
        if name not in message:
            continue
        try:
            chosen[name] = read(message[name])
        except InvalidInput as error:
            problems.extend(error.problems)
    options = Options(**chosen)
    both_read = {"model", "effect"}.isdisjoint(problem.field for problem in problems)
    if both_read and options.effect == LEARNED_EFFECT and options.model != FOREST:
        words = {"effect": LEARNED_EFFECT, "model": FOREST}
        text = _("The effect {effect} is the forest's own; ask for model {model} with it.")
        accepted = _("{effect} with model {model}").format(**words)
        problems.append(Problem("effect", "not_accepted", text.format(**words), accepted))
    if problems:
        raise InvalidInput(problems)
    return options


def read_options_text(texts: Mapping[str, str]) -> Options:
    """Return the options of a query string or command line; horizons separated by commas.

    Raises
    ------
    InvalidInput
        As `read_options`.
    """
    decoded: dict[str, object] = dict(texts)
    if "horizons_months" in texts:
        decoded["horizons_months"] = [_number(t) for t in texts["horizons_months"].split(",")]
    if "interval_level" in texts:
        decoded["interval_level"] = _number(texts["interval_level"])
    return read_options(decoded)


def _number(text: str) -> object:
    """Return the number that a text stands for, or the text, which is then refused as it is."""
    number = read_number(text)
    return text if number is None else number
