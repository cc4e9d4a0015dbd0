"""What examples/server/openapi.json promises, as something to hold answers and the document
itself against. The judge of schemas is Debian's python3-jsonschema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

jsonschema = pytest.importorskip("jsonschema")

DOCUMENT = Path(__file__).resolve().parents[1] / "openapi.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Json = Any


def load() -> Json:
    return json.loads(DOCUMENT.read_text(encoding="utf-8"))


def pointed(document: Json, reference: str) -> Json:
    """What a "#/..." points at; a LookupError if nothing is there."""
    node = document
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


@dataclass
class Operation:
    method: str
    path: str
    raw: Json
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self.pattern = re.compile(re.sub(r"{[^}]*}", "[^/]+", self.path))

    @property
    def name(self) -> str:
        return str(self.raw.get("operationId", f"{self.method} {self.path}"))

    @property
    def statuses(self) -> list[str]:
        return [status for status in self.raw["responses"] if status != "default"]


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self) -> Json:
        return json.loads(self.body)


class Contract:
    def __init__(self, document: Json) -> None:
        self.document = document
        self.operations = [
            Operation(method, path, item[method])
            for path, item in document["paths"].items()
            for method in item
            if method in METHODS
        ]

    def resolve(self, node: Json) -> Json:
        while isinstance(node, dict) and "$ref" in node:
            node = pointed(self.document, node["$ref"])
        return node

    def find(self, method: str, target: str) -> Operation | None:
        """The operation of a request; a path without a {name} goes before one with it."""
        path = urlsplit(target).path
        fitting = [
            operation
            for operation in self.operations
            if operation.method == method.lower() and operation.pattern.fullmatch(path)
        ]
        return min(fitting, key=lambda operation: operation.path.count("{"), default=None)

    def named(self, name: str) -> Operation:
        return next(operation for operation in self.operations if operation.name == name)

    def faults(self, schema: Json, value: Json) -> list[str]:
        """Where a value breaks a schema, in words."""
        resolver = jsonschema.RefResolver("", self.document)
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        return [
            f"{'/'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]

    def judge(self, operation: Operation, answer: Answer) -> list[str]:
        """What is wrong with an answer to this operation; [] if it is as promised."""
        responses = operation.raw["responses"]
        response = self.resolve(responses.get(str(answer.status), responses["default"]))
        return [
            *self.judge_headers(response.get("headers", {}), answer),
            *self.judge_content(response.get("content", {}), answer),
        ]

    def judge_headers(self, promised: Json, answer: Answer) -> Iterator[str]:
        for name, node in promised.items():
            header = self.resolve(node)
            value: Any = answer.header(name)
            if value is None:
                if header.get("required"):
                    yield f"the header {name} is missing"
                continue
            if header["schema"].get("type") == "integer" and re.fullmatch("[0-9]+", value):
                value = int(value)
            yield from (f"{name}: {fault}" for fault in self.faults(header["schema"], value))

    def judge_content(self, promised: Json, answer: Answer) -> Iterator[str]:
        if not promised:
            yield from (["there is a body"] if answer.body else [])
            return
        kind = (answer.header("Content-Type") or "").split(";")[0].strip()
        if kind not in promised:
            yield f"Content-Type {kind!r} is not one of {list(promised)}"
            return
        schema = promised[kind].get("schema", True)
        if kind.endswith("json"):
            try:
                value = json.loads(answer.body)
            except ValueError as error:
                yield f"the body is not JSON: {error}"
                return
            yield from self.faults(schema, value)
            if kind == "application/problem+json" and value.get("status") != answer.status:
                yield f"the problem says {value.get('status')}, the answer {answer.status}"
