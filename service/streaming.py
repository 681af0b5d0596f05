"""Answers that are sent while they are made."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from models.language import context_speaking

Parts = Generator[str, None, None]


class Spoken(Iterator[str]):
    """The parts of an answer, each made in the answer's language when it is asked for.

    A request is over when the first part is sent. So the parts have a context of their own: what
    is said between two of them, by whichever request, is in its own language.

    Parameters
    ----------
    parts : generator of str
        Ended when nobody reads any more.
    language : str
        One of `models.language.LANGUAGES`.
    """

    def __init__(self, parts: Parts, language: str) -> None:
        self._parts = parts
        self._context = context_speaking(language)

    def __next__(self) -> str:
        return self._context.run(next, self._parts)

    def close(self) -> None:
        """End the parts; the server calls this when the answer was sent or the reader left."""
        self._context.run(self._parts.close)


def in_blocks(lines: Iterable[str], size: int) -> Parts:
    """Yield texts joined to blocks of at least so many characters, and what remains."""
    block: list[str] = []
    length = 0
    for line in lines:
        block.append(line)
        length += len(line)
        if length >= size:
            yield "".join(block)
            block, length = [], 0
    if block:
        yield "".join(block)
