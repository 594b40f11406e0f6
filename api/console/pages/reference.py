"""The API reference: the OpenAPI document as a page, without anything from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import gettext

from api.auth import public

blueprint = Blueprint("reference", __name__)

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter or body field."""

    name: str
    place: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    answers: tuple[tuple[str, str], ...]


@blueprint.route("/api/docs")
@public
def reference() -> str:
    """Every route with its parameters and answers."""
    document = _document()
    groups: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["-"])[0]
                groups.setdefault(tag, []).append(_operation(document, path, method, item))
    return render_template(
        "pages/reference.html",
        title=gettext("API reference"),
        groups=groups,
        info=document["info"],
        crumbs=None,
    )


def _document() -> dict[str, Any]:
    apis = current_app.extensions["flask-smorest"]["apis"]
    spec: dict[str, Any] = next(iter(apis.values()))["ext_obj"].spec.to_dict()
    return spec


def _operation(document: dict[str, Any], path: str, method: str, item: Any) -> Operation:
    entry = item[method]
    parameters = [
        Parameter(
            name=each["name"],
            place=each["in"],
            kind=_kind(document, each.get("schema", {})),
            required=bool(each.get("required")),
            description=each.get("description", ""),
        )
        for each in (*item.get("parameters", []), *entry.get("parameters", []))
        if "name" in each
    ]
    for content in entry.get("requestBody", {}).get("content", {}).values():
        parameters.extend(_body(document, content.get("schema", {})))
    return Operation(
        anchor=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        summary=entry.get("summary", ""),
        description=entry.get("description", ""),
        parameters=tuple(parameters),
        answers=tuple(
            (code, answer.get("description", ""))
            for code, answer in sorted(entry.get("responses", {}).items())
            if code != "default"
        ),
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if reference.startswith("#/components/schemas/"):
        found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
        return found
    return schema


def _body(document: dict[str, Any], schema: dict[str, Any]) -> list[Parameter]:
    schema = _resolved(document, schema)
    needed = schema.get("required", [])
    return [
        Parameter(
            name=name,
            place="body",
            kind=_kind(document, part),
            required=name in needed,
            description=part.get("description", ""),
        )
        for name, part in schema.get("properties", {}).items()
    ]


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = " | ".join(kind)
    if kind == "array":
        return f"[{_kind(document, _resolved(document, schema.get('items', {})))}]"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)
