"""The API's description itself, before any server is asked. Each check is shown to find what it
is there for."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import contract
import document
import pytest
from contract import Json

TREE = Path(__file__).resolve().parents[3]
PEERS = Path(os.environ.get("LL_PEERS", TREE / "build" / "peers"))
EXPLANATIONS = "/api/explanations"


def test_the_document_is_sound() -> None:
    assert document.complaints(contract.load()) == []


def test_it_describes_a_server_not_a_fragment() -> None:
    described = contract.Contract(contract.load())
    assert len(described.operations) >= 22
    assert {operation.raw["tags"][0] for operation in described.operations} == {
        tag["name"] for tag in described.document["tags"]
    }


def get_of(d: Json) -> Json:
    return d["paths"][EXPLANATIONS]["get"]


def post_of(d: Json) -> Json:
    return d["paths"][EXPLANATIONS]["post"]


def schemas_of(d: Json) -> Json:
    return d["components"]["schemas"]


def hang_a_reference(d: Json) -> None:
    get_of(d)["parameters"][0] = {"$ref": "#/components/parameters/Limits"}


def break_a_type(d: Json) -> None:
    schemas_of(d)["Vote"]["properties"]["helpful"]["type"] = "bool"


def break_a_pattern(d: Json) -> None:
    schemas_of(d)["Vote"]["required"] = "helpful"


def leave_one_unused(d: Json) -> None:
    schemas_of(d)["Spare"] = {"type": "string"}


def open_an_object(d: Json) -> None:
    del schemas_of(d)["Vote"]["additionalProperties"]


def open_a_composition(d: Json) -> None:
    del schemas_of(d)["VerdictReceipt"]["unevaluatedProperties"]


def require_the_unknown(d: Json) -> None:
    schemas_of(d)["Vote"]["required"].append("stars")


def forget_the_name(d: Json) -> None:
    del get_of(d)["operationId"]


def name_two_alike(d: Json) -> None:
    get_of(d)["operationId"] = post_of(d)["operationId"]


def tag_unknown(d: Json) -> None:
    get_of(d)["tags"] = ["readers"]


def forget_a_path_parameter(d: Json) -> None:
    del d["paths"]["/api/explanations/{id}"]["get"]["parameters"]


def open_an_admin_path(d: Json) -> None:
    d["paths"]["/api/admin/variants"]["get"]["security"] = []


def forget_401(d: Json) -> None:
    del post_of(d)["responses"]["401"]


def forget_422(d: Json) -> None:
    del get_of(d)["responses"]["422"]


def forget_default(d: Json) -> None:
    del get_of(d)["responses"]["default"]


def fail_as_plain_json(d: Json) -> None:
    response = d["components"]["responses"]["NotFound"]
    response["content"] = {"application/json": response["content"]["application/problem+json"]}


def lie_in_an_example(d: Json) -> None:
    post_of(d)["requestBody"]["content"]["application/json"]["example"]["confidence"] = 1.5


def lie_deep_in_an_example(d: Json) -> None:
    path = d["paths"]["/api/admin/llm-ab-tests/{id}/decide"]["post"]
    example = path["responses"]["200"]["content"]["application/json"]["example"]
    example["receipt"]["arms"][1]["surprise"] = 1


def lie_in_a_composition(d: Json) -> None:
    path = d["paths"]["/api/admin/llm-analytics"]["get"]
    example = path["responses"]["200"]["content"]["application/json"]["example"]
    example["series"][0]["surprise"] = 1


def say_nothing_by_example(d: Json) -> None:
    del post_of(d)["requestBody"]["content"]["application/json"]["example"]


DAMAGES = [
    hang_a_reference,
    break_a_type,
    break_a_pattern,
    leave_one_unused,
    open_an_object,
    open_a_composition,
    require_the_unknown,
    forget_the_name,
    name_two_alike,
    tag_unknown,
    forget_a_path_parameter,
    open_an_admin_path,
    forget_401,
    forget_422,
    forget_default,
    fail_as_plain_json,
    lie_in_an_example,
    lie_deep_in_an_example,
    lie_in_a_composition,
    say_nothing_by_example,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damage_is_found(damage: Callable[[Json], None]) -> None:
    damaged = copy.deepcopy(contract.load())
    damage(damaged)
    assert document.complaints(damaged) != []


def spectral(path: Path) -> subprocess.CompletedProcess[str]:
    program = PEERS / "node_modules" / ".bin" / "spectral"
    if not program.exists():
        pytest.skip("no spectral in build/peers: tests/setup/peers.sh installs it")
    rules = TREE / "tests" / "peers" / "spectral.yaml"
    command = [program, "lint", "--fail-severity=warn", "-r", rules, path]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_spectral_agrees() -> None:
    done = spectral(contract.DOCUMENT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_spectral_finds_a_damage(tmp_path: Path) -> None:
    damaged = contract.load()
    forget_a_path_parameter(damaged)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(damaged), encoding="utf-8")
    done = spectral(path)
    assert done.returncode == 1
    assert "path-params" in done.stdout, done.stdout + done.stderr
