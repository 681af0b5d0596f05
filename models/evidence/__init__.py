"""The published figures, each held once in TOML with its source, and what follows from them."""

from models.evidence.figures import (
    Figure,
    Pair,
    Subgroup,
    Trial,
    evidence,
    figure,
    pairs,
    sources,
    table_1,
    targets_digest,
    trials,
)
from models.evidence.interactions import Interaction, interaction_of, interactions

__all__ = [
    "Figure",
    "Interaction",
    "Pair",
    "Subgroup",
    "Trial",
    "evidence",
    "figure",
    "interaction_of",
    "interactions",
    "pairs",
    "sources",
    "table_1",
    "targets_digest",
    "trials",
]
