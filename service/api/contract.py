"""How a route declares the errors that it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint

from service.problems import PROBLEM_TYPE
from service.schemas import ProblemSchema

Route = Callable[..., Any]


def answers_problems(blueprint: Blueprint, *statuses: int) -> Callable[[Route], Route]:
    """Return a decorator that documents problem details for some HTTP statuses.

    Each route that needs a token, as all of the API do, answers 401, too.
    """

    def declare(route: Route) -> Route:
        for status in (401, *statuses):
            respond = blueprint.alt_response(
                status, schema=ProblemSchema, content_type=PROBLEM_TYPE
            )
            route = respond(route)
        return route

    return declare
