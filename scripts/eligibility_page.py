"""Write docs/reference/eligibility.md: the trial's criteria, and cases with verdict and words.

``python scripts/eligibility_page.py`` writes the page from `models.criteria` and from the cases
that the tests hold the code to; a test holds the page equal to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the cases live with the tests, which are not installed

from models.criteria import CRITERIA, REGISTRATIONS, Criterion  # noqa: E402
from models.eligibility import VERDICTS, criterion_text  # noqa: E402
from tests.support.eligibility_cases import cases, changed  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "eligibility.md"
_TITLES = dict(
    zip(
        REGISTRATIONS,
        (
            "First registration: before systemic therapy",
            "Second registration: after three months of it",
        ),
        strict=True,
    )
)


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "<!-- Written by `make docs`; changes here are overwritten. -->",
        "",
        "# Eligibility",
        "",
        "Each criterion is met, not met or not known. One that excludes and is not met puts a",
        "patient out of scope: no figures, and all reasons. The verdict is one of "
        f"{', '.join(f'`{verdict}`' for verdict in VERDICTS)}.",
        "",
    )
    for registration, title in _TITLES.items():
        yield from (f"## {title}", "")
        yield from _table(
            "criterion", "what had to hold", "the paper's words", "place", "excludes"
        )
        for criterion in CRITERIA:
            if criterion.registration == registration:
                yield _criterion_row(criterion)
        yield ""
    yield from (
        "## Cases",
        "",
        "The patient of the README, all facts confirmed as the trial asked, with these changes.",
        "The tests hold the code to each line.",
        "",
        *_table("case", "changes", "verdict", "not met or not known", "words"),
        *(_case_row(case) for case in cases()),
    )


def _criterion_row(criterion: Criterion) -> str:
    words = f"“{criterion.trial_words}”" if criterion.trial_words else "none: our inference"
    excludes = "yes" if criterion.excludes else "no"
    return _row(f"`{criterion.code}`", criterion_text(criterion), words, criterion.place, excludes)


def _case_row(case: dict[str, Any]) -> str:
    changes = [
        f"`{name}` {_value(value)}"
        for part in ("patient", "facts")
        for name, value in changed(case, part).items()
    ]
    states = [f"`{name}`" for key in ("not_met", "not_known") for name in case.get(key, [])]
    words = [
        *(f"`{code}`: {text}" for key in ("reasons", "notes") for code, text in _notes(case, key)),
        *([f"withheld: {case['withheld']}"] if "withheld" in case else []),
    ]
    return _row(
        case["title"],
        ", ".join(changes),
        f"`{case['verdict']}`",
        ", ".join(states),
        " ".join(words),
    )


def _notes(case: dict[str, Any], key: str) -> list[tuple[str, str]]:
    return list(case.get(key, {}).items())


def _value(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {None: "not known", True: "true", False: "false"}[value]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(*names: str) -> tuple[str, str]:
    return _row(*names), _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Write the page and return 0."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
