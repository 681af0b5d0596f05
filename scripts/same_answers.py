"""Ask this copy and another one the same, and say whether they answer the same bytes.

Usage: ``PYTHONPATH=. python scripts/same_answers.py OTHER [PATIENTS]``, with the folder of another
copy, such as a clone of an earlier commit: a change that only makes answers cheaper must not
change one of them. Random patients, single and in lists, some of them wrong or out of scope, in
each language; status, headers and body are compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

PATIENTS = 2000
IN_A_LIST = 50
_SEED = 20250704
_HERE = Path(__file__).resolve().parents[1]
_HORIZONS = ([12, 24, 36, 48, 60], [6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96], [48], [7, 96])
_JSON = "application/json"
_LIST_FORMATS = (_JSON, "application/x-ndjson", "text/csv")
#: What no field of a patient takes.
_WRONG = (-1, 121, "T9", [], ["bone", "bone"], {"a": 1}, 1.5, "yes")
_WRONG_NAMES = ("birth_date", "margins", "Ki-67")

#: Path, headers and body of a request.
Asked = dict[str, Any]


def main(other: Path, patients: int) -> int:
    """Print the requests that are answered differently; return how many there are, at most one."""
    asked = "\n".join(json.dumps(each) for each in requests(Random(_SEED), patients))  # noqa: S311
    ours, theirs = (_answers(folder, asked) for folder in (_HERE, other.resolve()))
    differing = [
        f"{request}\n  here  {here}\n  there {there}"
        for request, here, there in zip(asked.splitlines(), ours, theirs, strict=True)
        if here != there
    ]
    statuses = dict(Counter(json.loads(each)[0] for each in ours))
    print("\n".join(differing[:10]))
    print(f"{len(ours)} answers compared, {len(differing)} of them differ; by status {statuses}")
    return min(len(differing), 1)


def requests(random: Random, patients: int) -> Iterator[Asked]:
    """Yield requests about so many random patients, each in every language."""
    from models.language import LANGUAGES  # noqa: PLC0415 (of the copy that asks)

    drawn = [random_patient(random) for _ in range(patients)]
    for patient in drawn:
        body = {"patient": patient, **random_options(random)}
        for language in LANGUAGES:
            yield _request("/v1/predict", body, language, _JSON)
    for start in range(0, patients, IN_A_LIST):
        body = {"patients": drawn[start : start + IN_A_LIST], **random_options(random)}
        for language in LANGUAGES:
            yield _request("/v1/predict/batch", body, language, random.choice(_LIST_FORMATS))
            yield _request("/v1/predict/batch", body, language, _JSON)


def _request(path: str, body: dict[str, Any], language: str, accept: str) -> Asked:
    return {
        "path": path,
        "headers": {"Accept-Language": language, "Accept": accept},
        "body": json.dumps(body),
    }


def random_patient(random: Random) -> dict[str, Any]:
    """Return a patient: most are complete and in scope, some are neither, some cannot be."""
    from models.covariates import COVARIATES, ELIGIBILITY_FACTS  # noqa: PLC0415

    patient = {field.name: _value(random, field) for field in COVARIATES if random.random() > 0.04}
    for name in ("triple_negative", "metastatic_organs", "liver_metastasis"):
        if random.random() > 0.1:
            patient.pop(name, None)
    if random.random() > 0.1:
        patient.pop("bone_only_metastasis", None)
    share = random.choice((0.0, 0.0, 0.1, 0.4))
    facts = {
        field.name.rpartition(".")[2]: _value(random, field)
        for field in ELIGIBILITY_FACTS
        if random.random() < share
    }
    if facts:
        patient["eligibility"] = facts
    if random.random() < 0.03:
        patient[random.choice([*patient, *_WRONG_NAMES])] = random.choice(_WRONG)
    return patient


def _value(random: Random, field: Any) -> Any:
    if field.name == "age":
        return random.choice((random.randint(18, 84), random.randint(25, 75), 47.5))
    if hasattr(field, "minimum"):
        return random.choice((2, 3, 3.5, 7))
    values = list(getattr(field, "values", (True, False)))
    if field.name == "metastatic_sites":
        return random.sample(values, random.choice((1, 1, 2, 3)))
    if field.name == "ecog_ps":
        return random.choice((0, 0, 1, 1, 2, 3))
    return random.choice([*values, None] if random.random() < 0.05 else values)


def random_options(random: Random) -> dict[str, Any]:
    """Return options: most are the default ones but the horizons."""
    from models.outcomes import EFFECTS, MODELS  # noqa: PLC0415

    options: dict[str, Any] = {"horizons_months": random.choice(_HORIZONS)}
    if random.random() < 0.1:
        options |= {"model": random.choice(MODELS), "effect": random.choice(EFFECTS)}
    if random.random() < 0.2:
        options["interval_level"] = random.choice((0.8, 0.9, 0.95, 0.99, 1.2))
    return options


def _answers(folder: Path, asked: str) -> list[str]:
    """Return what the copy in a folder answers, a line a request."""
    done = subprocess.run(  # noqa: S603 (this file)
        [sys.executable, __file__],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        input=asked,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def answer() -> None:
    """Print status, headers and the digest of the body of each request on standard input."""
    import service.app  # noqa: PLC0415 (of the copy that is asked)

    if not Path(service.app.__file__).is_relative_to(Path.cwd()):
        raise RuntimeError(f"{service.app.__file__} is not the copy in {Path.cwd()}")
    client = service.app.create_app().test_client()
    for line in sys.stdin:
        asked = json.loads(line)
        got = client.post(
            asked["path"], data=asked["body"], headers=asked["headers"], content_type=_JSON
        )
        told = [str(got.status_code), dict(got.headers), hashlib.sha256(got.data).hexdigest()]
        print(json.dumps(told))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        answer()
    else:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else PATIENTS))
