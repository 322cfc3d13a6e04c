"""Bodies of requests that change something, read into their shape: no member too many, each misfit with its place."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from api.intake import read_json
from api.problems import misfits_problem
from api.running import Running
from api.strict_json import JsonValue
from engine.decision import Json, Misfit
from engine.facts import pointer_step


class Body(BaseModel):
    """A request's body; a member that is not named here is refused, so that nobody slips in a `role`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


B = TypeVar("B", bound=Body)

_WORDS = {"extra_forbidden": "unknown_member", "missing": "member_missing"}


async def read_body(request: Request, shape: type[B], limit: int | None = None) -> B:
    """The body in its shape; of at most `limit` bytes, the setting `max_body` without one. Raises Problem."""
    running: Running = request.app.state.running
    body = await read_json(request, limit or running.settings.max_body, running.settings.body_timeout)
    return fitted(body, shape)


def fitted(body: JsonValue, shape: type[B]) -> B:
    """A JSON value in its shape. Raises Problem that names every misfit."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        known = ", ".join(shape.model_fields)
        misfits = [
            Misfit(
                _WORDS.get(one["type"], "member_misfit"),
                "".join(pointer_step(str(step)) for step in one["loc"]),
                f"{one['msg'][:1].lower()}{one['msg'][1:]}",
                f"the members are {known}",
            )
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise misfits_problem("request_invalid", misfits) from None


def described(shape: type[Body]) -> dict[str, Json]:
    """The body's shape, for the API's description."""
    schema = shape.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
