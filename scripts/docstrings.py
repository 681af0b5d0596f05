"""Check that the public docstrings of the packages are complete, by numpydoc's rules."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType

from numpydoc.validate import validate

PACKAGES = ("models", "training", "service")

#: Parameters documented but unknown or in another order; sections in the wrong order or empty;
#: summaries that are missing or do not end with a period.
RULES = {"GL03", "GL06", "GL07", "GL08", "SS01", "SS03", "PR02", "PR03", "PR10", "RT03"}


def main() -> int:
    """Print every problem and return how many there are, at most one."""
    problems = [
        f"{name}: {code} {text}"
        for name in public_names()
        for code, text in validate(name)["errors"]
        if code in RULES
    ]
    print("\n".join(problems) or "Docstrings: no problems.")
    return min(len(problems), 1)


def public_names() -> Iterator[str]:
    """Yield the dotted names of public functions and classes where they are defined."""
    for module in _modules():
        for name, thing in vars(module).items():
            is_own = getattr(thing, "__module__", None) == module.__name__
            is_public = inspect.isfunction(thing) or inspect.isclass(thing)
            if is_own and is_public and not name.startswith("_"):
                yield f"{module.__name__}.{name}"


def _modules() -> Iterator[ModuleType]:
    for package in map(importlib.import_module, PACKAGES):
        yield package
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(info.name)


if __name__ == "__main__":
    sys.exit(main())
