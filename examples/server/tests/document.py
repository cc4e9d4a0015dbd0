"""What makes an OpenAPI document a good one, apart from what any linter asks for: nothing in it
hangs, nothing is left open, every operation says what can go wrong, every example is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contract import METHODS, Contract, Json, Operation, jsonschema, pointed


def walk(node: Json, at: str = "#") -> Iterator[tuple[str, Json]]:
    yield at, node
    items = node.items() if isinstance(node, dict) else ()
    items = enumerate(node) if isinstance(node, list) else items
    for key, child in items:
        yield from walk(child, f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}")


def is_example(at: str) -> bool:
    return re.search(r"/examples?(/|$)", at) is not None


def references(document: Json) -> list[tuple[str, str]]:
    return [
        (at, node["$ref"])
        for at, node in walk(document)
        if isinstance(node, dict) and isinstance(node.get("$ref"), str) and not is_example(at)
    ]


def hanging_references(document: Json) -> Iterator[str]:
    for at, reference in references(document):
        try:
            pointed(document, reference)
        except (LookupError, TypeError, ValueError):
            yield f"{at}: {reference} is not there"


def unused_components(document: Json) -> Iterator[str]:
    used = {reference for _, reference in references(document)}
    for kind, parts in document["components"].items():
        if kind == "securitySchemes":
            continue
        for name in parts:
            if f"#/components/{kind}/{name}" not in used:
                yield f"{kind}/{name} is used by nothing"


def schemas(document: Json) -> Iterator[tuple[str, Json]]:
    """Every schema that is not part of another."""
    for name, schema in document["components"]["schemas"].items():
        yield f"#/components/schemas/{name}", schema
    for at, node in walk(document):
        if at.endswith("/schema") and not is_example(at):
            yield at, node


def broken_schemas(document: Json) -> Iterator[str]:
    for at, schema in schemas(document):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{at}: {error.message}"


def is_object(node: Json) -> bool:
    return isinstance(node, dict) and node.get("type") == "object" and "properties" in node


def closed_by_others(document: Json) -> set[str]:
    """Schemas that only stand in an allOf beside "unevaluatedProperties": false."""
    inside, elsewhere = set(), set()
    for at, reference in references(document):
        match = re.fullmatch(r"(.*)/allOf/\d+", at)
        closed = match and pointed(document, match[1]).get("unevaluatedProperties") is False
        (inside if closed else elsewhere).add(reference)
    return inside - elsewhere


def open_objects(document: Json) -> Iterator[str]:
    closed = closed_by_others(document)
    for at, node in walk(document):
        if not is_object(node) or is_example(at):
            continue
        for name in set(node.get("required", [])) - set(node["properties"]):
            yield f"{at}: {name} is required and not described"
        match = re.fullmatch(r"(.*)/allOf/\d+", at)
        if match and pointed(document, match[1]).get("unevaluatedProperties") is False:
            continue
        if node.get("additionalProperties") is not False and at not in closed:
            yield f"{at}: takes any other property"


def parameters_of(contract: Contract, operation: Operation) -> list[Json]:
    return [contract.resolve(node) for node in operation.raw.get("parameters", [])]


def hollow_operations(contract: Contract) -> Iterator[str]:
    tags = {tag["name"] for tag in contract.document["tags"]}
    seen: set[str] = set()
    for operation in contract.operations:
        raw, at = operation.raw, f"{operation.method} {operation.path}"
        for key in ("operationId", "summary", "tags", "security", "responses"):
            if key not in raw:
                yield f"{at}: no {key}"
        if not set(raw.get("tags", ["?"])) <= tags:
            yield f"{at}: a tag that is not described"
        if raw.get("operationId") in seen:
            yield f"{at}: an operationId twice"
        seen.add(raw.get("operationId"))
        in_path = {p["name"] for p in parameters_of(contract, operation) if p["in"] == "path"}
        if in_path != set(re.findall(r"{([^}]*)}", operation.path)):
            yield f"{at}: parameters are not those of the path"


def silent_errors(contract: Contract) -> Iterator[str]:
    """Which ways to fail an operation must own up to."""
    for operation in contract.operations:
        raw, at = operation.raw, f"{operation.method} {operation.path}"
        expected = {"500", "default"}
        if {} not in raw["security"] and raw["security"]:
            expected |= {"401"}
        if any("feedbackToken" in way for way in raw["security"]):
            expected |= {"403"}
        if "requestBody" in raw:
            expected |= {"400", "413", "415", "422"}
        if raw.get("parameters"):
            expected |= {"422"}
        if "/admin/" in operation.path and raw["security"] != [{"adminToken": []}]:
            yield f"{at}: is for everybody"
        for status in expected - set(raw["responses"]):
            yield f"{at}: does not say {status}"
        for status, node in raw["responses"].items():
            content = list(contract.resolve(node).get("content", {}))
            if not status.startswith(("2", "3")) and content != ["application/problem+json"]:
                yield f"{at}: {status} is no problem"


def false_examples(contract: Contract) -> Iterator[str]:
    for at, node in walk(contract.document):
        if not isinstance(node, dict) or is_example(at):
            continue
        told = [node["example"]] if "example" in node else []
        schema = node.get("schema")
        if isinstance(node.get("examples"), list):
            told, schema = node["examples"], node
        if schema is not None:
            for value in told:
                yield from (f"{at}: {fault}" for fault in contract.faults(schema, value))


def bodies_without_example(contract: Contract) -> Iterator[str]:
    for operation in contract.operations:
        body = operation.raw.get("requestBody", {"content": {}})
        good = [contract.resolve(operation.raw["responses"][s]) for s in operation.statuses]
        for part in [body, *good]:
            for kind, media in part.get("content", {}).items():
                if kind == "application/json" and operation.name != "openapi":
                    if "example" not in media:
                        yield f"{operation.name}: a body without an example"


def complaints(document: Json) -> list[str]:
    found = [*hanging_references(document), *broken_schemas(document)]
    if found:
        return found  # the rest follows references and uses schemas
    contract = Contract(document)
    checks: list[Any] = [hollow_operations, silent_errors, false_examples, bodies_without_example]
    found += [*unused_components(document), *open_objects(document)]
    for check in checks:
        found += check(contract)
    unknown = [m for item in document["paths"].values() for m in item if m not in METHODS]
    return found + [f"{method} is no method" for method in unknown]
