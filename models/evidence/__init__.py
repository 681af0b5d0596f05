"""The published figures, each held once in TOML with its source, and what follows from them."""

from models.evidence.figures import (
    Figure,
    Pair,
    Subgroup,
    evidence,
    figure,
    pairs,
    sources,
    table_1,
    targets_digest,
)
from models.evidence.interactions import Interaction, interaction_of

__all__ = [
    "Figure",
    "Interaction",
    "Pair",
    "Subgroup",
    "evidence",
    "figure",
    "interaction_of",
    "pairs",
    "sources",
    "table_1",
    "targets_digest",
]
