"""What a list can be written in, and how that is told by a file's name."""

from __future__ import annotations

CSV, NDJSON, PARQUET, ARROW = "csv", "ndjson", "parquet", "arrow"
COLUMN_KINDS = (PARQUET, ARROW)
KINDS = (CSV, NDJSON, *COLUMN_KINDS)

#: How a text is compressed, by the end of the file's name.
PLAIN, GZIP, ZSTANDARD = "", ".gz", ".zst"
COMPRESSIONS = (GZIP, ZSTANDARD)

_ENDINGS = {
    ".csv": CSV,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".parquet": PARQUET,
    ".arrow": ARROW,
    ".feather": ARROW,
}


def compression_by_name(name: str) -> str:
    """Return how a file is compressed by its name, one of `COMPRESSIONS` or `PLAIN`."""
    return next((end for end in COMPRESSIONS if name.endswith(end)), PLAIN)


def kind_by_name(name: str) -> str | None:
    """Return what a file is by its name, compressed or not; ``None`` where it does not tell."""
    plain = name.removesuffix(compression_by_name(name))
    return next((kind for end, kind in _ENDINGS.items() if plain.endswith(end)), None)
