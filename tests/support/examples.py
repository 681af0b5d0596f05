"""How many examples a property test looks at: few in each run, many in a study."""

from __future__ import annotations

import os

from hypothesis import settings

#: How many times more examples than usual (``make study``).
FACTOR = int(os.environ.get("EXAMPLES_FACTOR", "1"))


def examples(usual: int) -> settings:
    """Return the settings of a property test that usually looks at so many examples."""
    return settings(max_examples=usual * FACTOR)
