"""Programs in another language or environment: told a command a line, they answer a line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

#: One thread each: on small matrices more of them only wait.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Talker:
    """A program that keeps running between the commands."""

    process: subprocess.Popen[str]

    def ask(self, command: str) -> str:
        """Return the answer to a command.

        Raises
        ------
        RuntimeError
            If the program has ended.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the peer ended at: {command}")
        return answer.strip()

    def seconds(self, command: str) -> float:
        """Return the seconds that the program itself took for a command."""
        return float(self.ask(command))


@contextmanager
def talking(command: Sequence[str]) -> Iterator[Talker]:
    """Start a program and end it afterwards."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {**os.environ, **ONE_THREAD}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Talker(process)
        finally:
            process.terminate()
