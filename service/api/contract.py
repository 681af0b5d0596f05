"""How a route declares what it reads and answers, errors included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint

from service.problems import PROBLEM_TYPE
from service.schemas import ProblemSchema

Route = Callable[..., Any]
Decorator = Callable[[Route], Route]

#: Where flask-smorest's decorators keep what they say of a route.
_DOCUMENTATION = "_apidoc"


def documented(*decorators: Decorator) -> Decorator:
    """Return a decorator that documents a route as some of flask-smorest's do.

    Theirs also wrap the route in calls that read its arguments and write its answer. Our routes do
    both themselves, so they are registered as they are.

    Parameters
    ----------
    *decorators
        In the order in which they would stand above the route.
    """

    def declare(route: Route) -> Route:
        wrapped = route
        for decorate in reversed(decorators):
            wrapped = decorate(wrapped)
        setattr(route, _DOCUMENTATION, getattr(wrapped, _DOCUMENTATION))
        return route

    return declare


def answers_problems(blueprint: Blueprint, *statuses: int) -> Decorator:
    """Return a decorator that documents problem details for some HTTP statuses.

    Each route that needs a token, as all of the API do, answers 401, too.
    """
    told = [
        blueprint.alt_response(status, schema=ProblemSchema, content_type=PROBLEM_TYPE)
        for status in (401, *statuses)
    ]
    return documented(*reversed(told))
