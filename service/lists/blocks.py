"""Blocks of rows: the lines of a text, or the rows of Parquet and Arrow, as names and contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from service.lists.contents import Content, Reader, split_message
from service.lists.kinds import NDJSON

#: Rows of a block. Compressed texts and Parquet are cut at its ends, so it is part of the output.
BLOCK_ROWS = 16_384

#: The same where NDJSON is written. A row's object takes twelve times what its line of CSV does,
#: and the results of a block are in memory together.
NDJSON_BLOCK_ROWS = 1_024

#: Bytes that are read at once.
_PIECE = 2**20


@dataclass(frozen=True)
class Block:
    """Some rows of a list, in order.

    Attributes
    ----------
    numbers : sequence of int
        Where each stands in the input, counted from 1.
    names : list of bytes
        The senders' names, in UTF-8.
    contents : list of Content
        What each says.
    fingerprint : bytes
        A digest of names and contents, by which a run that goes on knows its input again.
    """

    numbers: Sequence[int]
    names: list[bytes]
    contents: list[Content]
    fingerprint: bytes


def block_rows_of(kind: str) -> int:
    """Return the rows of a block where a kind is written, one of `service.lists.kinds.KINDS`."""
    return NDJSON_BLOCK_ROWS if kind == NDJSON else BLOCK_ROWS


def fingerprint(names: Iterable[bytes], contents: Iterable[Content]) -> bytes:
    """Return a digest of rows."""
    told = (each if isinstance(each, bytes) else repr(each.row).encode() for each in contents)
    found = sha256(b"\n".join(names))
    found.update(b"\n\n" + b"\n".join(told))
    return found.digest()


def lines_of(file: IO[bytes], longest: int) -> Iterator[list[bytes]]:
    """Yield the lines of a file in pieces, without their line feeds; the last may lack one.

    A line that is longer than `longest` is cut behind one byte more, so that a reader knows;
    memory stays bounded whatever the file holds.
    """
    rest = b""
    cut = False
    while piece := file.read(_PIECE):
        *whole, rest_of_piece = piece.split(b"\n")
        if not whole:
            rest += b"" if cut else rest_of_piece
        else:
            first = rest if cut else rest + whole[0]
            yield [first[: longest + 1], *whole[1:]]
            rest, cut = rest_of_piece, False
        if len(rest) > longest:
            rest, cut = rest[: longest + 1], True
    if rest:
        yield [rest]


def blocks_of_lines(
    pieces: Iterable[list[bytes]], reader: Reader, first: int = 1, rows: int = BLOCK_ROWS
) -> Iterator[Block]:
    """Yield blocks of rows; blank lines count as places and are no rows.

    Parameters
    ----------
    pieces : iterable of lists of bytes
        Lines, as `lines_of` gives them.
    first : int
        The place of the first line.
    rows : int
        Rows of each block but the last.
    """
    numbers: list[int] = []
    lines: list[bytes] = []
    number = first
    for piece in pieces:
        places = range(number, number + len(piece))
        number += len(piece)
        if all(piece) and not any(map(bytes.isspace, piece)):
            numbers.extend(places)
            lines.extend(piece)
        else:
            filled = [place for place, line in enumerate(piece) if line.strip()]
            numbers.extend(places[place] for place in filled)
            lines.extend(piece[place] for place in filled)
        while len(lines) >= rows:
            yield _block(numbers[:rows], lines[:rows], reader)
            numbers, lines = numbers[rows:], lines[rows:]
    if lines:
        yield _block(numbers, lines, reader)


def blocks_of_messages(messages: Sequence[object], rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """Yield blocks of the patients of a JSON array; a place counts them from 1."""
    for start in range(0, len(messages), rows):
        numbers = range(start + 1, min(start + rows, len(messages)) + 1)
        split = list(map(split_message, numbers, messages[start : start + rows]))
        names, contents = [name for name, _ in split], [content for _, content in split]
        yield Block(numbers, names, contents, fingerprint(names, contents))


def _block(numbers: list[int], lines: list[bytes], reader: Reader) -> Block:
    text = b"\n".join(lines)
    names, contents = reader.split_all(numbers, lines, text)
    return Block(numbers, names, contents, sha256(text).digest())
