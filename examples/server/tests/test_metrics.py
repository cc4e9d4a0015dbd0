"""/metrics as Prometheus' own parser reads it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import history
import pytest
import running

parser = pytest.importorskip("prometheus_client.parser")

pytestmark = pytest.mark.skipif(
    not running.PROGRAM.exists(), reason=f"no {running.PROGRAM}: make server builds it"
)
ADMIN = {"Authorization": f"Bearer {running.ADMIN_TOKEN}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    path: Path = tmp_path_factory.mktemp("metrics") / "learning.db"
    history.make(path)
    with running.Running(path) as started:
        started.ask("GET", "/healthz", {}, None)  # something to be counted
        yield started


def families(text: str) -> list[Any]:
    return list(parser.text_string_to_metric_families(text))


def scrape(server: running.Running) -> dict[str, Any]:
    answer = server.ask("GET", "/metrics", ADMIN, None)
    assert answer.status == 200
    assert (answer.header("Content-Type") or "").startswith("text/plain; version=0.0.4")
    found = families(answer.body.decode())
    assert list(faults(found)) == []
    return {family.name: family for family in found}


def total(family: Any, **labels: str) -> float:
    """The sum over all samples of a counter that have these labels."""
    return sum(
        sample.value
        for sample in family.samples
        if sample.name.endswith("_total") and labels.items() <= sample.labels.items()
    )


def buckets(family: Any) -> dict[tuple[tuple[str, str], ...], list[tuple[float, float]]]:
    found: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for sample in family.samples:
        if sample.name.endswith("_bucket"):
            rest = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            found.setdefault(rest, []).append((float(sample.labels["le"]), sample.value))
    return found


def faults(found: list[Any]) -> Iterator[str]:
    names = [family.name for family in found]
    yield from (f"{name}: a family twice" for name in set(names) if names.count(name) > 1)
    for family in found:
        name = family.name
        if not name.startswith("llmlearn_"):
            yield f"{name}: another program's name"
        if family.type == "unknown" or not family.documentation:
            yield f"{name}: without a type or help"
        if not family.samples:
            yield f"{name}: empty"
        if name.endswith(("_ms", "_us", "_kb", "milliseconds")):
            yield f"{name}: not in a base unit"
        seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        if len(set(seen)) != len(seen):
            yield f"{name}: a series twice"
        for sample in family.samples:
            if math.isnan(sample.value) or (family.type == "counter" and sample.value < 0):
                yield f"{name}: {sample.value}"
        if family.type == "histogram":
            yield from histogram_faults(name, family)


def histogram_faults(name: str, family: Any) -> Iterator[str]:
    counts = {
        tuple(sorted(sample.labels.items())): sample.value
        for sample in family.samples
        if sample.name == f"{name}_count"
    }
    for labels, steps in buckets(family).items():
        edges, values = [edge for edge, _ in steps], [value for _, value in steps]
        if edges != sorted(edges) or edges[-1] != math.inf:
            yield f"{name}: edges {edges}"
        if values != sorted(values) or values[-1] != counts.get(labels):
            yield f"{name}: buckets {values} of {counts.get(labels)}"


def test_prometheus_reads_all_of_it(server: running.Running) -> None:
    found = scrape(server)
    assert {family.type for family in found.values()} == {"counter", "gauge", "histogram"}


def test_what_happens_is_counted(server: running.Running) -> None:
    before = scrape(server)
    page = server.ask("GET", "/api/explanations?limit=3", {}, None)
    cookie = (page.header("Set-Cookie") or "").partition(";")[0]
    for card in page.json["explanations"]:
        headers = {
            "Cookie": cookie,
            "Content-Type": "application/json",
            "Feedback-Token": card["feedback_token"],
        }
        answer = server.ask("POST", f"/api/feedback/{card['id']}", headers, b'{"helpful": true}')
        assert answer.status == 200
    server.ask("GET", "/api/nothing", {}, None)
    after = scrape(server)

    def more(name: str) -> float:
        return total(after[name]) - total(before[name])

    assert more("llmlearn_votes") == 3
    # The page, the votes, what is not there, and the first scrape.
    assert more("llmlearn_server_requests") == 6
    assert set(before) == set(after)


@pytest.mark.parametrize(
    ("from_", "to"),
    [("# HELP", "# HALP"), ("llmlearn_", "other_"), ('le="+Inf"', 'le="1e9"'), ("# TYPE", "#TYPE")],
    ids=["help", "name", "edges", "type"],
)
def test_a_damage_is_found(server: running.Running, from_: str, to: str) -> None:
    text = server.ask("GET", "/metrics", ADMIN, None).body.decode()
    damaged = text.replace(from_, to)
    assert damaged != text
    assert list(faults(families(text))) == []
    assert list(faults(families(damaged))) != []
