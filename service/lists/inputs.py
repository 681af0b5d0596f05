"""Opening a list: plain or compressed text, Parquet or Arrow, from a file or a standard stream."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from models.errors import MalformedInput, Problem
from models.language import _
from service.lists.blocks import BLOCK_ROWS, Block, blocks_of_lines, lines_of
from service.lists.contents import CsvReader, JsonReader, Reader
from service.lists.kinds import COLUMN_KINDS, NDJSON
from service.lists.rows import LONGEST_LINE, MOST_START, read_header
from service.lists.starts import refuse_no_text

STANDARD = "-"
_GZIP_MAGIC, _ZSTANDARD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

#: Pieces behind the first that a header may need: a last line without an end is one of its own.
_MORE_PIECES = 2


@dataclass(frozen=True)
class Opened:
    """A list that is open, its header read.

    Attributes
    ----------
    reader : Reader
        Of its contents.
    blocks : iterator of Block
    watched : Watched
        How far it is read, and its digest.
    """

    reader: Reader
    blocks: Iterator[Block]
    watched: Watched


class Watched(io.RawIOBase):
    """A file that counts and digests what is read of it, once from beginning to end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer and return how many bytes came."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        self.count += len(data)
        return len(data)

    @property
    def digest(self) -> str:
        """SHA-256 of what was read, in hexadecimal digits."""
        return self._digest.hexdigest()


@contextmanager
def opened(
    name: str, kind: str, *, ignore_extra: bool = False, rows: int = BLOCK_ROWS
) -> Iterator[Opened]:
    """Open a list.

    Parameters
    ----------
    name : str
        A path, or ``-`` for standard input.
    kind : str
        One of `KINDS`.
    ignore_extra : bool
        Leave out unknown columns, unread.
    rows : int
        Rows of a block.

    Raises
    ------
    InvalidInput
        If it cannot be read, or has no columns of a patient. Where it breaks off later, from the
        blocks.
    OSError
        If the file cannot be opened.
    """
    if name == STANDARD:
        yield read_list(sys.stdin.buffer, kind, ignore_extra=ignore_extra, rows=rows)
    else:
        with open(name, "rb") as file:
            yield read_list(file, kind, ignore_extra=ignore_extra, rows=rows)


def read_list(
    file: IO[bytes], kind: str, *, ignore_extra: bool = False, rows: int = BLOCK_ROWS
) -> Opened:
    """Return the list of a file that is open; see `opened`."""
    if kind in COLUMN_KINDS:
        return _columns(file, kind, ignore_extra, rows)
    watched = Watched(file)
    pieces = _whole(lines_of(_unpacked(io.BufferedReader(watched, 2**20)), LONGEST_LINE))
    return Opened(*text_blocks(pieces, kind, rows, ignore_extra=ignore_extra), watched)


def text_blocks(
    pieces: Iterator[list[bytes]], kind: str, rows: int = BLOCK_ROWS, *, ignore_extra: bool = False
) -> tuple[Reader, Iterator[Block]]:
    """Return the reader and the blocks of a text, ``csv`` or ``ndjson``, from its lines.

    Parameters
    ----------
    pieces : iterator of lists of bytes
        Lines, as `service.lists.blocks.lines_of` gives them.
    rows : int
        Rows of each block but the last.

    Raises
    ------
    InvalidInput
        If it is no text, or a CSV that has no columns of a patient or stands in one line.
    """
    first = next(pieces, [])
    if kind == NDJSON:
        refuse_no_text(first[0] if first else b"", "malformed_json")
        reader = JsonReader()
        return reader, blocks_of_lines(_behind(first, pieces), reader, rows=rows)
    # The line behind the header is looked at before the header is judged.
    for _more in range(_MORE_PIECES):
        if len(_filled(first)) < MOST_START:
            first += next(pieces, [])
    header = read_header(first, ignore_extra=ignore_extra)
    of_csv, passed = CsvReader(header), _filled(first)[header.lines - 1] + 1
    behind = _behind(first[passed:], pieces)
    return of_csv, blocks_of_lines(behind, of_csv, passed + 1, rows)


def _filled(lines: list[bytes]) -> list[int]:
    """Return where the first lines stand that are not blank."""
    filled = (place for place, line in enumerate(lines) if line.strip())
    return list(islice(filled, MOST_START))


def is_packed(start: bytes) -> bool:
    """Return whether a file with these first bytes is a packed text."""
    return start.startswith(_GZIP_MAGIC) or start[:4] == _ZSTANDARD_MAGIC


def _columns(file: IO[bytes], kind: str, ignore_extra: bool, rows: int) -> Opened:
    from service.lists import columnar

    if not file.seekable():
        file = io.BytesIO(file.read())
    watched = Watched(file)
    while watched.read(2**20):
        pass
    file.seek(0)
    table = columnar.Table(file, kind, ignore_extra=ignore_extra)
    return Opened(CsvReader(table.header), table.blocks(rows=rows), watched)


def _behind(first: list[bytes], rest: Iterator[list[bytes]]) -> Iterator[list[bytes]]:
    yield first
    yield from rest


def _unpacked(file: io.BufferedReader) -> IO[bytes]:
    """Return a file as its text, unpacked where its first bytes say that it is packed."""
    start = file.peek(4)[:4]
    if start.startswith(_GZIP_MAGIC):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if start == _ZSTANDARD_MAGIC:
        import zstandard

        found: IO[bytes] = zstandard.ZstdDecompressor().stream_reader(
            file, read_across_frames=True
        )
        return found
    return file


def _whole(pieces: Iterator[list[bytes]]) -> Iterator[list[bytes]]:
    """Yield pieces of a text, refusing one whose packing is damaged or breaks off."""
    try:
        yield from pieces
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(error) from None
    except Exception as error:
        if type(error).__name__ == "ZstdError":
            raise _damaged(error) from None
        raise


def _damaged(error: Exception) -> MalformedInput:
    message = _("The compressed file is damaged: {reason}.").format(reason=str(error).rstrip("."))
    return MalformedInput([Problem("", "malformed_csv", message, _("a whole file"))])
