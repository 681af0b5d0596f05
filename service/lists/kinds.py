"""What a list can be written in, and how that is told by a file's name."""

from __future__ import annotations

from pathlib import PurePath

CSV, NDJSON, PARQUET, ARROW = "csv", "ndjson", "parquet", "arrow"
COLUMN_KINDS = (PARQUET, ARROW)
KINDS = (CSV, NDJSON, *COLUMN_KINDS)

#: How a text is compressed, by the end of the file's name.
PLAIN, GZIP, ZSTANDARD = "", ".gz", ".zst"
COMPRESSIONS = (GZIP, ZSTANDARD)

#: What is written, by the end of the file's name.
WRITTEN_ENDINGS = {
    ".csv": CSV,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".parquet": PARQUET,
    ".arrow": ARROW,
}

#: Feather is Arrow as a file. It is read; what is written is Arrow as a stream.
_ENDINGS = {**WRITTEN_ENDINGS, ".feather": ARROW}


def compression_by_name(name: str) -> str:
    """Return how a file is compressed by its name, one of `COMPRESSIONS` or `PLAIN`."""
    return next((end for end in COMPRESSIONS if name.lower().endswith(end)), PLAIN)


def kind_by_name(name: str) -> str | None:
    """Return what a file is by its name, compressed or not; ``None`` where it does not tell."""
    return _ENDINGS.get(ending_of(name))


def ending_of(name: str) -> str:
    """Return the end of a name in small letters, without that of the compression."""
    plain = name.lower().removesuffix(compression_by_name(name))
    return PurePath(plain).suffix
