"""Answers that are sent while they are made."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Generic, TypeVar

from models.language import context_speaking

Text = TypeVar("Text", bound=str | bytes)
Parts = Generator[str, None, None]


class ListBroken(Exception):
    """A list that could not be scored to its end, which ends the answer; it says nothing else.

    The server then closes the connection without the end of the answer: over HTTP/1.1 the last
    chunk, of length zero, is missing, so that no client takes what came for the whole.
    """


class Spoken(Iterator[Text], Generic[Text]):
    """The parts of an answer, each made in the answer's language when it is asked for.

    A request is over when the first part is sent. So the parts have a context of their own: what
    is said between two of them, by whichever request, is in its own language.

    Parameters
    ----------
    parts : generator of str or bytes
        Ended when nobody reads any more.
    language : str
        One of `models.language.LANGUAGES`.
    """

    def __init__(self, parts: Generator[Text, None, None], language: str) -> None:
        self._parts = parts
        self._context = context_speaking(language)
        self._made: list[Text] = []

    def begin(self) -> None:
        """Make the first part now: what is wrong by then is raised before anything is sent."""
        self._made = [self._context.run(next, self._parts)]

    def __next__(self) -> Text:
        return self._made.pop() if self._made else self._context.run(next, self._parts)

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
