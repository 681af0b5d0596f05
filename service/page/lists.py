"""Lists of patients in a browser: a file in, a summary or the scored list out; nothing is kept.

Both answers are made from the file that is sent with the request, so nothing has to be stored
between them, and nothing of a patient is in an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response, render_template
from markupsafe import Markup

from models.bundle import Bundle
from models.errors import EquipoiseError
from models.language import _, current_language
from models.options import Options
from models.patient import least_known_names
from service.cost import told_on_page
from service.languages import other_languages
from service.lists.admission import admitted
from service.lists.rows import Row, csv_rows
from service.lists.scoring import BLOCK, score_rows
from service.lists.tables import csv_lines
from service.page.list_columns import input_columns, output_columns, places, template_csv
from service.page.list_tally import Tally, shortened
from service.page.words import TRAINING_DATA, always_said, breakable
from service.problems import log_unexpected, status_of
from service.responses import bundles, settings
from service.streaming import ListBroken, Parts, Spoken, in_blocks
from service.uploads import megabytes, read_file

#: The form's field that holds the list.
FILE = "list"

_CSV = "text/csv; charset=utf-8"

#: Where the page is cut: what stands before it is sent at once, the rest when all is scored.
_CUT = Markup("<!-- the list -->")

_LINE = Markup(
    '<p><label>{words} <progress max="{total}" value="{done}"></progress></label></p>\n'
)

#: About so many times the page tells how far it is.
_STEPS = 50

#: Characters that are sent together.
_CHARACTERS = 65_536

#: So many problems are told on the page, each as short as a table needs it.
_MOST_PROBLEMS = 20

_LONGEST_NAME = 60

blueprint = Blueprint("lists", __name__)


@dataclass(frozen=True)
class SentList:
    """A list that may be scored, and what scores it.

    Attributes
    ----------
    name : str
        The name of its file, or ``""``.
    """

    name: str
    rows: list[Row]
    bundle: Bundle
    options: Options


@blueprint.get("/lists")
def show_lists() -> Response:
    """Show how a list is sent."""
    return _start_page()


@blueprint.post("/lists")
def show_summary() -> Response:
    """Show what came of a list: how far it is while it is scored, then a summary."""
    try:
        sent = _read_list()
    except EquipoiseError as error:
        return _start_page(error)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _streamed(_page_parts(sent, app, _frame(sent)), "text/html; charset=utf-8")


@blueprint.post("/lists/download")
def download_scored() -> Response:
    """Return the scored list as a file, as ``/v1/predict/batch`` gives it."""
    try:
        sent = _read_list()
    except EquipoiseError as error:
        return _start_page(error)
    response = _streamed(_scored_parts(sent), _CSV)
    response.headers["Content-Disposition"] = "attachment; filename=scored.csv"
    return response


@blueprint.get("/lists/template.csv")
def show_template() -> Response:
    """Return a list to start from."""
    response = Response(template_csv(), content_type=_CSV)
    response.headers["Content-Disposition"] = "attachment; filename=template.csv"
    return response


@blueprint.get("/lists/columns")
def show_columns() -> str:
    """Show what each column of a list means, those sent and those that come back."""
    return render_template(
        "list_columns.html",
        sent=input_columns(),
        returned=output_columns(),
        places=places(),
        least_known=least_known_names(),
        code=breakable,
        languages=other_languages(),
    )


def _read_list() -> SentList:
    """Return the list that was sent.

    Raises
    ------
    EquipoiseError
        If it cannot be scored at all; no part of an answer was sent then.
    """
    file = read_file(FILE)
    bundle, options = bundles().default, Options()
    rows = admitted(csv_rows(file.content.split(b"\n")), bundle, options, settings())
    return SentList(shortened(file.name, _LONGEST_NAME), rows, bundle, options)


def _start_page(error: EquipoiseError | None = None) -> Response:
    problems = () if error is None else told_on_page(error).problems
    page = render_template(
        "lists.html",
        problems=[
            (problem.field == FILE, shortened(problem.message), shortened(problem.accepted))
            for problem in problems[:_MOST_PROBLEMS]
        ],
        untold=max(0, len(problems) - _MOST_PROBLEMS),
        **_every_page(),
    )
    return make_response(page, 200 if error is None else status_of(error))


def _every_page() -> dict[str, Any]:
    """Return what the page says with and without a list."""
    bundle = bundles().default
    return {
        "file": FILE,
        "most_rows": _count(settings().max_rows),
        "most_megabytes": megabytes(settings().max_bytes),
        "always": always_said(bundle),
        "bundle": f"{bundle.id} {bundle.version}",
        "training_data": _(TRAINING_DATA[bundle.training_data]),
        "languages": other_languages(),
    }


def _streamed(parts: Parts, content_type: str) -> Response:
    response = Response(Spoken(parts, current_language()), content_type=content_type)
    # A proxy that gathers an answer before it hands it on would hide how far it is.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _frame(sent: SentList) -> tuple[str, str]:
    """Return the page before and behind what comes of the list."""
    page = render_template("list_summary.html", cut=_CUT, name=sent.name, **_every_page())
    head, _cut, tail = page.partition(_CUT)
    return head, tail


def _page_parts(sent: SentList, app: Flask, frame: tuple[str, str]) -> Parts:
    """Yield the page of a list; whatever fails is told on it in a sentence."""
    head, tail = frame
    yield head
    try:
        yield from _told_parts(sent, app)
    except Exception as error:  # noqa: BLE001 (whatever it is, half a page stands already)
        log_unexpected(error)
        yield _rendered(app, "list_broken.html", {})
    yield tail


def _told_parts(sent: SentList, app: Flask) -> Iterator[str]:
    tally, total = Tally(), len(sent.rows)
    step = ceil(total / _STEPS)
    yield _progress(0, total)
    scored = score_rows(sent.rows, sent.bundle, sent.options, min(step, BLOCK))
    for done, row in enumerate(scored, start=1):
        tally.add(row)
        if done % step == 0 or done == total:
            yield _progress(done, total)
    always = always_said(sent.bundle)
    view = {"tally": tally, "total": total, "always": always, "code": breakable, "count": _count}
    yield _rendered(app, "list_tally.html", view)


def _progress(done: int, total: int) -> str:
    """Return a line that says how far it is; the style sheet shows the last one alone."""
    words = _("{done} of {total} rows are scored").format(done=_count(done), total=_count(total))
    return _LINE.format(words=words, total=total, done=done)


def _rendered(app: Flask, name: str, view: Mapping[str, Any]) -> str:
    """Return a part of a page when its request is over already."""
    with app.app_context():
        return app.jinja_env.get_template(name).render(view)


def _count(number: int) -> str:
    return f"{number:,}"


def _scored_parts(sent: SentList) -> Parts:
    """Yield the scored list as CSV.

    Raises
    ------
    ListBroken
        If it cannot be scored to its end: the server then breaks the answer off, so that no
        browser takes it for whole. What the server logs of it holds no patient's values.
    """
    scored = score_rows(sent.rows, sent.bundle, sent.options)
    try:
        yield from in_blocks(csv_lines(scored, sent.bundle, sent.options), _CHARACTERS)
    except Exception as error:  # noqa: BLE001 (whatever it is, its text could tell of a patient)
        log_unexpected(error)
        raise ListBroken from None
