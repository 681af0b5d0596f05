"""Write the reference pages: commands, OpenAPI, columns, settings, cohort, evidence, checklists.

``python scripts/reference.py`` writes docs/reference; a test holds the pages equal to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from models.analyses import Analysis
from models.bundle import load_bundle
from models.caveats import caveat_texts
from models.covariates import FIELDS
from models.evidence.credibility import INSTRUMENT, LARGEST_P_TO_RATE, RATING_LABELS, STRATEGY
from models.evidence.figures import SETTINGS as SURGERY_SETTINGS
from models.options import Options
from models.outcomes import (
    ARM_LABELS,
    DEFAULT_HORIZONS,
    EFFECTS,
    FOREST,
    LEARNED_EFFECT,
    MODELS,
    OUTCOMES,
)
from models.patient import LEAST_KNOWN
from service.app import create_app
from service.bundles import default_folder
from service.cli import main as equipoise
from service.evidence_rows import evidence_rows, interaction_rows, source_rows, trial_rows
from service.forest_plot import forest_plot
from service.lists.columns import (
    FOREST_MINUS_COX,
    LONG_FIGURE_COLUMNS,
    REJECTS,
    SCORED_COLUMNS,
    Column,
)
from service.lists.rows import COLUMNS, LONGEST_ROW_ID, ROW_ID
from service.problems import STATUS
from service.schema_words import (
    CODE,
    SCHEMA,
    Part,
    properties,
    type_parts,
    type_with_default,
)
from service.settings import SETTINGS
from training.cohort_csv import read_cohort
from training.matching.report import report
from training.reference import reference_csv
from training.reporting.checklists import reporting_sections

FOREST_PLOT = Path(__file__).parents[1] / "docs" / "images" / "forest-plot.svg"
FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_NOTE = "<!-- Written by `make docs`; changes here are overwritten. -->"
_WIDTH = 88


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {
        "cli.md": _page("Commands", cli_lines()),
        "api.md": _page("API", api_lines(openapi())),
        "columns.md": _page("Columns of lists", columns_lines()),
        "settings.md": _page("Settings", settings_lines()),
        "cohort.md": _page("The reference cohort", cohort_lines()),
        "reporting.md": _page("Reporting", reporting_lines()),
        "codes.md": _page("Codes", code_lines()),
        "evidence.md": _page("The evidence", evidence_lines()),
    }


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a server publishes."""
    document: dict[str, Any] = create_app().test_client().get("/openapi.json").get_json()
    return document


def cli_lines() -> Iterator[str]:
    """Yield the help of every command."""
    yield from ("The command line is `equipoise`; `equipoise COMMAND --help` shows the same.", "")
    context = click.Context(equipoise, info_name="equipoise")
    for name in equipoise.list_commands(context):
        command = equipoise.get_command(context, name)
        if command is None:
            raise ValueError(f"{name} cannot be loaded")
        yield from (f"## equipoise {name}", "", "```text", _help(command, name), "```", "")
    yield from (
        "Exit codes: 0 all is well, 1 some rows were rejected (`score`) or a figure differs",
        "(`simulate --check`), 2 nothing was done and one sentence says why, 130 stopped by",
        "Ctrl-C (`score`, `simulate`), 141 the reader of standard output went away (`score`), 143",
        "stopped by SIGTERM (`score`).",
        "",
        "`score`: what Ctrl-C or SIGTERM stopped goes on with `--resume`, where results go to a",
        "file. In NDJSON each line holds the whole answer that the API gives; `--shape`,",
        "`--outcomes`, `--arms` and `--digits` are for CSV, Parquet and Arrow. A link is",
        "followed: the file that it leads to is replaced. A device or a pipe is refused. Beside",
        "results named NAME a run takes the names NAME.part, NAME.part.json and NAME.about.json,",
        "and with `--scheduler` the folder NAME.parts.",
    )


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=f"equipoise {name}", terminal_width=_WIDTH)
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def settings_lines() -> Iterator[str]:
    """Yield the environment variables as a table."""
    yield from ("`equipoise serve` reads these environment variables once, when it starts.", "")
    yield from _table("variable", "default", "what it does")
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "empty"
        yield _row(f"`{setting.name}`", default, setting.help)


def columns_lines() -> Iterator[str]:
    """Yield the columns of a list that is sent, of a scored one and of the rejects."""
    yield from _input_lines()
    yield from _scored_lines()
    yield from ("## Rejects", "", "The table that `--rejects` writes has one row a problem.", "")
    yield from _table("column", "what it says")
    yield from (_row(f"`{column.name}`", column.meaning) for column in REJECTS)


def _input_lines() -> Iterator[str]:
    yield from (
        "## What is sent",
        "",
        "Columns stand in any order and may be left out; an empty cell is not known.",
        "Numbers may be written in full width, as Japanese keyboards give them.",
        "",
        "The cells of a CSV stand between commas, semicolons, tabs or bars (`|`); a first line",
        "such as Excel's `sep=;` is read. It is UTF-8, in lines that end in LF or CRLF.",
        "`equipoise score` also reads newline-delimited JSON, Parquet and Arrow, told by the",
        "file's name or `--from`, and texts that are packed by gzip or zstandard, told by their",
        "first bytes. The API takes CSV, JSON and newline-delimited JSON, and no packed body.",
        "",
        "A line of a CSV is a row. Line breaks inside a cell are not read, quoted or not: each of",
        "the lines that such a cell makes is rejected. A quote stands around a whole cell, and",
        "twice inside one. [Why](../decisions/0006-a-line-of-csv-is-a-row.md).",
        "",
        f"{LEAST_KNOWN} A header with all of them, as a template:",
        "",
        *("```csv", ",".join(COLUMNS), "```", ""),
        *_table("column", "accepted", "what it means"),
        _row(
            f"`{ROW_ID}`",
            f"a text of at most {LONGEST_ROW_ID} characters, in one line",
            "The sender's opaque name of the row; it comes back.",
        ),
    )
    for field in FIELDS.values():
        meaning = (
            field.help if field.help.startswith(field.label) else f"{field.label}. {field.help}"
        )
        yield _row(f"`{field.name}`", field.accepted, meaning)
    yield ""


def _scored_lines() -> Iterator[str]:
    yield from (
        "## What comes back",
        "",
        "One row for each row sent, in the same order. Figures have four decimals; a cell is",
        "empty where there is none. Lists of codes are separated by `;`.",
        "",
        "Arrow is written as a stream, not as a file with a table of contents, and so not as",
        "Feather: `pyarrow.ipc.open_stream` and `polars.read_ipc_stream` read it,",
        "`pyarrow.ipc.open_file` and `pyarrow.feather` do not.",
        "",
        *_table("column", "what it says", "present"),
    )
    for column in SCORED_COLUMNS:
        if isinstance(column, Column):
            yield _row(f"`{column.name}`", column.meaning, "always")
        else:
            yield _row(f"`{column.pattern}`", column.meaning, column.present)
    yield from (
        "",
        "### Long lists",
        "",
        "With `--shape long` each figure has a line of its own. The columns are those above",
        "without the figures; in their place stand, behind `model`:",
        "",
        *_table("column", "what it says"),
        *(_row(f"`{column.name}`", column.meaning) for column in LONG_FIGURE_COLUMNS),
        "",
        "`model_kind` and `effect` are then those of the line. The forest's estimate minus the",
        f"Cox model's has `{FOREST_MINUS_COX}` in `model_kind`, and no limits. The difference",
        "in survival under the pooled effect has lines of its own, by default, too. The key of a",
        "line is `row_id`, `outcome`, `arm`, `month`, `model_kind` and `effect`, where no two",
        "rows have the same `row_id`.",
        "",
        "### Names of the figures",
        "",
        "`{outcome}` is one of:",
        "",
        *_table("outcome", "what the figures are"),
        *(
            _row(f"`{outcome.name}`", f"{outcome.label}: {outcome.quantity}")
            for outcome in OUTCOMES
        ),
        "",
        "`{arm}` is one of:",
        "",
        *_table("arm", "what it means"),
        *(_row(f"`{arm}`", _ARMS.get(arm, label)) for arm, label in ARM_LABELS.items()),
        "",
        "`{month}` is a horizon, in the order asked for, by default "
        f"{', '.join(map(str, DEFAULT_HORIZONS))}. `{{model}}` and `{{effect}}` are those of an",
        "analysis beside the one asked for; a bundle without forests has none of theirs:",
        "",
        *_table("asked for: model", "effect", "figures without a suffix", "further figures"),
        *(line for model in MODELS for effect in EFFECTS for line in _asked_line(model, effect)),
        "",
    )


#: What the columns of an arm say beyond its words.
_ARMS = {"difference": "offered surgery minus not offered surgery"}


def _asked_line(model: str, effect: str) -> Iterator[str]:
    """Yield what a list has for a model and an effect, unless that is refused."""
    if effect == LEARNED_EFFECT and model != FOREST:
        return
    options = Options(model=model, effect=effect)
    listed = options.listed()
    further = [_suffix(each) for each in listed if each != options.shown]
    if any(each.model == FOREST for each in listed):
        further.append("`_forest_minus_cox`")
    shown = f"{options.shown.model}, {options.shown.effect}"
    yield _row(f"`{model}`", f"`{effect}`", shown, ", ".join(further) or "none")


def _suffix(analysis: Analysis) -> str:
    exploratory = "_exploratory" if analysis.exploratory else ""
    return f"`_{analysis.model}_{analysis.effect}{exploratory}`"


def cohort_lines() -> Iterator[str]:
    """Yield every published figure beside what the shipped cohort reached."""
    found = report(read_cohort(reference_csv()))
    yield from (
        "What `equipoise simulate --check` prints of `training/reference/cohort.csv`: 407",
        "simulated patients who reproduce the printed figures (decision 0014). Reached figures",
        "have one digit more than printed ones. Of the stratified analysis the paper prints two",
        "digits (0.86, 0.69 or 0.68 to 1.07, p 0.13); the third is what cohorts have that match",
        "Fig. 3, so that meeting it shows nothing beyond the two.",
        "",
    )
    for sentence in found.summary():
        yield from (sentence, "")
    yield from _table("figure", "published", "reached", "within rounding")
    yield from (_row(*cells) for cells in found.rows())


def reporting_lines() -> Iterator[str]:
    """Yield the checklists of the shipped bundle, as its card has them."""
    yield from (
        "What TRIPOD+AI, the source attributes of decision support in the United States and",
        "PROBAST+AI ask, answered for the shipped bundle. The model card has the same text;",
        "`/v1/models/{id}` has the source attributes as `source_attributes`.",
        "",
        reporting_sections(load_bundle(default_folder())),
    )


def code_lines() -> Iterator[str]:
    """Yield the codes of caveats, eligibility and mistakes, with what they say."""
    yield from (
        "What the codes in answers and in the columns of lists mean. Codes never change; texts",
        "may. In braces stands what is filled in for each patient.",
        "",
        "## Caveats",
        "",
        "`stop`: clear this up before reading the figures. `warning`: read it with the figures.",
        "`info`: good to know. Where a code is followed by `_...`, the subgroup or group that it",
        "is told for follows.",
        "",
    )
    yield from _table("code", "severity", "text", "because")
    for code, row in caveat_texts().items():
        shown = f"`{code}_...`" if "each" in row else f"`{code}`"
        yield _row(shown, row["severity"], row["text"], row["because"])
    yield from (
        "",
        "## Eligibility",
        "",
        "`reasons` put a patient out of scope, and then there are no figures; `applicability`",
        "tells what was not confirmed or differs. [The criteria](eligibility.md), with their",
        "codes.",
        "",
        "## Mistakes",
        "",
        "The `code` of a problem (RFC 9457) is that of its class; each of its `errors` has one of",
        "its own beside the field and the accepted values.",
        "",
    )
    yield from _table("problem", "title", "status")
    for kind, status in STATUS.items():
        yield _row(f"`{kind.code}`", str(kind.title), str(status))


def evidence_lines() -> Iterator[str]:
    """Yield the forest plot and every figure, interaction, rating, trial and source."""
    yield from (
        "What `equipoise evidence` and `/v1/evidence` give. Ratios are surgery / no surgery; a",
        "level stands beside each interval, and levels are never mixed in a comparison. Every",
        "figure is typed once, in `models/evidence/*.toml`. The reader refuses a row without a",
        "source or a level, with an interval that does not contain its estimate, or with one that",
        "is not symmetric on the log scale within the printed rounding.",
        "",
        "![Forest plot of the evidence](../images/forest-plot.svg)",
        "",
        "`equipoise evidence --format svg` draws it.",
        "",
    )
    yield from _trial_lines()
    yield from _figure_lines()
    yield from _interaction_lines()
    yield from _credibility_lines()
    yield from ("## Sources", "", *_table("name", "source", "licence", "what was read"))
    for name, row in source_rows().items():
        cited = f"{row['citation']} {row['link']}"
        yield _row(f"`{name}`", cited, row["licence"], row["seen"])


def _trial_lines() -> Iterator[str]:
    yield from ("## Trials and pools", "")
    head = ("patients", "surgery / no surgery", "setting", "median follow-up, months")
    yield from _table("trial", "design", *head, "note")
    for row in trial_rows().values():
        arms = "" if row["n_surgery"] is None else f"{row['n_surgery']} / {row['n_no_surgery']}"
        follow_up = _number(row["median_follow_up_months"])
        setting = SURGERY_SETTINGS[row["setting"]]
        cells = (row["design"], _number(row["n"]), arms, setting, follow_up, row["note"])
        yield _row(row["name"], *cells)
    yield ""


def _figure_lines() -> Iterator[str]:
    yield from ("## Figures", "")
    yield from _table(
        *("id", "figure", "interval", "level", "n", "prespecified", "status", "source", "note")
    )
    for row in evidence_rows():
        planned = {None: "", True: "yes", False: "no"}[row["prespecified"]]
        turned = f"Printed {row['printed']}." if row["inverted"] else ""
        yield _row(
            f"`{row['id']}`",
            f"{row['kind'].replace('_', ' ')} {_number(row['estimate'])}",
            "" if row["lower"] is None else f"{row['lower']:g} to {row['upper']:g}",
            "" if row["level"] is None else f"{row['level']:.0%}",
            _number(row["n"]),
            planned,
            row["status"],
            f"{row['source']}: {row['place']}",
            " ".join(filter(None, (turned, row["note"]))),
        )
    yield ""


def _interaction_lines() -> Iterator[str]:
    yield from (
        "## Interactions",
        "",
        "Computed from the two rows of each pair of Fig. 3, which prints none: the difference of",
        "log hazard ratios over the root of the summed squares of their standard errors, normal",
        "approximation. Corrected over the eight pairs.",
        "",
    )
    head = ("ratio of ratios", "p", "p, Holm", "p, Bonferroni", "credibility")
    yield from _table("pair", *head, "other trials")
    for row in interaction_rows():
        lower, upper = row["interval"]
        ratio = f"{row['ratio']:.2f} ({row['interval_level']:.0%}: {lower:.2f} to {upper:.2f})"
        ps = (f"{row[name]:.2g}" for name in ("p", "p_holm", "p_bonferroni"))
        rating = RATING_LABELS[row["rated"]["rating"]]
        pair = f"{row['label']}: `{row['first']}` over `{row['second']}`"
        yield _row(pair, ratio, *ps, rating, row["consistency"])
    yield ""


def _credibility_lines() -> Iterator[str]:
    yield from (
        "## Credibility",
        "",
        f"By {INSTRUMENT}: our assessment, which nobody else",
        f"has checked. It applies where the interaction's p is at most {LARGEST_P_TO_RATE:g};",
        "for the other pairs the overall effect is the one to use. Each answer can be disputed:",
        "`equipoise evidence --assume prespecified_direction=yes` shows what the rating would be.",
        "",
        f"The rating is {STRATEGY}. Of the instrument's manual the scope and",
        "the first question with its answers were read, not the bounds of p and not how answers",
        "make a rating; those are ours:",
        "",
        "- p above 0.05: chance is a very likely explanation; above 0.01 a likely one; above",
        "  0.005 it may not explain it; else it is an unlikely one.",
        "- All applicable answers reduce credibility: very low. Two or more definitely do: at",
        "  most low. One definitely, or any probably: at most moderate. None: high.",
        "- Where more than half of the applicable answers reduce it, one step below that bound is",
        "  taken (an assumption).",
        "",
    )
    for row in interaction_rows():
        answers = row["rated"]["answers"]
        if answers:
            rating = RATING_LABELS[row["rated"]["rating"]]
            yield from (f"### {row['label']}: {rating}", "")
            yield from _table("question", "answer", "why", "where")
            for each in answers:
                where = f"{each['source']}: {each['place']}"
                yield _row(each["text"], each["answer_text"], each["reason"], where)
            yield ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def api_lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield every operation and every schema of an OpenAPI document."""
    yield from (
        f"OpenAPI {document['openapi']}, at `/openapi.json`; `/docs` shows it as a page.",
        "",
        document["info"]["description"],
        "",
        "Where tokens are configured, `Authorization: Bearer ...` is needed.",
        "",
        "## Operations",
        "",
    )
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                shared = item.get("parameters", [])
                yield from _operation_lines(f"{method.upper()} {path}", item[method], shared)
    yield from ("## Schemas", "")
    for name, schema in document["components"]["schemas"].items():
        yield from _schema_lines(name, schema)


def _operation_lines(
    title: str, operation: dict[str, Any], shared: list[dict[str, Any]]
) -> Iterator[str]:
    name = f"`operationId`: `{operation['operationId']}`"
    yield from (f"### {title}", "", operation["summary"], "", name, "")
    if "description" in operation:
        yield from (operation["description"], "")
    parameters = [*shared, *operation.get("parameters", [])]
    if parameters:
        yield from _table("parameter", "in", "type", "description")
        for each in parameters:
            kind = _type_with_default(each["schema"])
            yield _row(f"`{each['name']}`", each["in"], kind, each.get("description", ""))
        yield ""
    sent = operation.get("requestBody", {}).get("content", {})
    if sent:
        yield from _table("body", "schema")
        yield from (_row(f"`{media}`", _type(body["schema"])) for media, body in sent.items())
        yield ""
    yield from _table("status", "meaning", "content")
    for status, answer in sorted(operation["responses"].items()):
        yield _row(status, answer["description"], _contents(answer))
    yield ""


def _contents(answer: dict[str, Any]) -> str:
    contents = answer.get("content", {}).items()
    return ", ".join(f"`{media}` ({_type(body['schema'])})" for media, body in contents)


def _schema_lines(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from (f"### {name}", "")
    if "description" in schema:
        yield from (schema["description"], "")
    yield from _table("field", "type", "always", "description")
    for each in properties(schema):
        kind = "".join(map(_marked, each.type))
        yield _row(f"`{each.name}`", kind, "yes" if each.required else "", each.meaning)
    yield ""


def _type_with_default(schema: dict[str, Any]) -> str:
    """Return a schema's type in words, with what is taken when nothing is sent."""
    return "".join(map(_marked, type_with_default(schema)))


def _type(schema: dict[str, Any]) -> str:
    """Return a schema's type in words."""
    return "".join(map(_marked, type_parts(schema)))


def _marked(part: Part) -> str:
    """Return words of a type in Markdown."""
    if part.kind == SCHEMA:
        return f"[{part.text}](#{part.text.lower()})"
    return f"`{part.text}`" if part.kind == CODE else part.text


def _table(*names: str) -> tuple[str, str]:
    return _row(*names), _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([_NOTE, "", f"# {title}", "", *lines]).rstrip() + "\n"


def main() -> int:
    """Write the pages and return 0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    FOREST_PLOT.write_text(forest_plot(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
