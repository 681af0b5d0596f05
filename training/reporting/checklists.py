"""The checklists of a model card: read from TOML, filled in, written as Markdown.

The texts stand in ``tripod_ai.toml``, ``source_attributes.toml`` and ``probast_ai.toml``; their
placeholders are named by `training.reporting.facts`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from models.bundle import Bundle
from models.source_attributes import HEADING, SourceAttribute, attribute_lines
from training.reporting.facts import facts

TRIPOD_AI, SOURCE_ATTRIBUTES, PROBAST_AI = "tripod_ai", "source_attributes", "probast_ai"


@dataclass(frozen=True)
class Item:
    """One item of a checklist, answered."""

    code: str
    title: str
    answer: str


@dataclass(frozen=True)
class Domain:
    """One domain of PROBAST+AI, answered and judged.

    Attributes
    ----------
    part : str
        ``Development`` or ``Evaluation``.
    judgement, because : str
        Of the quality of development, or of the risk of bias of evaluation.
    applicability, applicability_because : str
        Empty for the analysis, which has no applicability.
    """

    code: str
    part: str
    title: str
    judgement: str
    because: str
    items: tuple[Item, ...]
    applicability: str = ""
    applicability_because: str = ""


@cache
def texts(name: str) -> dict[str, Any]:
    """Return a checklist as it is written, with its placeholders.

    Parameters
    ----------
    name : str
        `TRIPOD_AI`, `SOURCE_ATTRIBUTES` or `PROBAST_AI`.
    """
    place = resources.files("training.reporting").joinpath(f"{name}.toml")
    return tomllib.loads(place.read_text(encoding="utf-8"))


def tripod_items(bundle: Bundle) -> tuple[Item, ...]:
    """Return the items of TRIPOD+AI, answered for a bundle from virtual trials."""
    return _items(texts(TRIPOD_AI)["item"], facts(bundle))


def source_attributes(bundle: Bundle) -> tuple[SourceAttribute, ...]:
    """Return the source attributes, answered for a bundle from virtual trials or a cohort."""
    of_cohort = bundle.manifest.get("cohort") is not None
    words = facts(bundle)
    return tuple(
        SourceAttribute(row["code"], row["title"], _said(row, of_cohort).format_map(words))
        for row in texts(SOURCE_ATTRIBUTES)["item"]
    )


def probast_domains(bundle: Bundle) -> tuple[Domain, ...]:
    """Return the domains of PROBAST+AI, answered for a bundle from virtual trials."""
    words = facts(bundle)
    return tuple(_domain(row, words) for row in texts(PROBAST_AI)["domain"])


def source_attribute_section(bundle: Bundle) -> str:
    """Return the section of a card that `models.source_attributes` reads, Markdown."""
    lines = (HEADING, "", texts(SOURCE_ATTRIBUTES)["read"], "")
    return "\n".join([*lines, *attribute_lines(source_attributes(bundle))]) + "\n"


def reporting_sections(bundle: Bundle) -> str:
    """Return all checklists as sections of a card of a bundle from virtual trials, Markdown."""
    return "\n".join(
        [
            *_tripod_lines(bundle),
            "",
            source_attribute_section(bundle),
            *_probast_lines(bundle),
            "",
        ]
    )


def _said(row: dict[str, str], of_cohort: bool) -> str:
    return row.get("cohort", row["answer"]) if of_cohort else row["answer"]


def _items(rows: list[dict[str, str]], words: dict[str, str]) -> tuple[Item, ...]:
    return tuple(Item(row["code"], row["title"], row["answer"].format_map(words)) for row in rows)


def _domain(row: dict[str, Any], words: dict[str, str]) -> Domain:
    said = {name: text.format_map(words) for name, text in row.items() if isinstance(text, str)}
    return Domain(items=_items(row["item"], words), **said)


def _tripod_lines(bundle: Bundle) -> Iterator[str]:
    yield from ("## Reporting by TRIPOD+AI", "", texts(TRIPOD_AI)["read"], "")
    yield from _table(tripod_items(bundle))


def _probast_lines(bundle: Bundle) -> Iterator[str]:
    domains = probast_domains(bundle)
    yield from ("## Self-assessment by PROBAST+AI", "", texts(PROBAST_AI)["read"], "")
    yield from ("| part | domain | judgement | applicability |", "| --- | --- | --- | --- |")
    for each in domains:
        applies = each.applicability or "not part of this domain"
        yield f"| {each.part} | {each.title} | {each.judgement} | {applies} |"
    for each in domains:
        yield from ("", f"### {each.part}, {each.code}: {each.title}", "")
        yield f"**{each.judgement.capitalize()}.** {each.because}"
        if each.applicability:
            yield f"Applicability: {each.applicability}. {each.applicability_because}"
        yield ""
        yield from _table(each.items)


def _table(items: tuple[Item, ...]) -> Iterator[str]:
    yield from ("| item | about | answer |", "| --- | --- | --- |")
    for item in items:
        yield f"| {item.code} | {item.title} | {item.answer} |"
