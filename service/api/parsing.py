"""The parser that hands JSON bodies to the schemas of requests."""

from __future__ import annotations

from typing import Any

from flask import Request
from webargs.flaskparser import FlaskParser

from models.errors import InvalidInput, Problem, UnsupportedInput
from models.language import _
from service.languages import LANG
from service.reading import strict_json


class StrictParser(FlaskParser):
    """Reads a JSON body as `service.reading.strict_json` does, and no other type."""

    def load_json(self, req: Request, schema: Any) -> Any:  # noqa: ARG002 (webargs calls it so)
        """Return the decoded body.

        Raises
        ------
        UnsupportedInput
            If the content type is not JSON.
        MalformedInput
            If the body is not JSON.
        InvalidInput
            If options stand in the query string, where they would be overlooked.
        """
        if not req.is_json:
            sent = req.content_type or "none"
            message = _("The content type {name} is not served here.").format(name=repr(sent[:60]))
            raise UnsupportedInput(
                [Problem("Content-Type", "unsupported_content_type", message, "application/json")]
            )
        misplaced = [name for name in req.args if name != LANG]
        if misplaced:
            message = _("The options of a JSON request stand in its body.")
            raise InvalidInput(
                [Problem(name, "unknown_field", message, _("the body")) for name in misplaced]
            )
        return strict_json(req.get_data())
