"""A test is found by its number, however many came after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llmlearn
import pytest
import running
from visitor import ADMIN, Visitor

TESTS = 1_001  # one more than a report has
HAND = {"actor": "ann", "reason": "to see"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    path = tmp_path_factory.mktemp("ab-tests") / "l.db"
    with llmlearn.Learner(path) as learner:
        for version in ("v1.0", "v1.1", "v1.2"):
            text = f"Why {{{{ticker}}}}? As {version}."
            learner.add_variant(signal="BUY", version=version, text=text)
        for _ in range(TESTS):
            test = learner.start_ab_test(signal="BUY", weights={"v1.0": 0.5, "v1.1": 0.5})
            learner.stop_ab_test(test_id=test, **HAND)
    with running.Running(path) as started:
        yield started


def test_the_oldest_of_many_is_found(server: running.Running) -> None:
    visitor = Visitor(server)

    def ask(test: int, what: str, **body: Any) -> tuple[int, Any]:
        target = f"/api/admin/llm-ab-tests/{test}/{what}"
        return visitor.ask("POST", target, ADMIN, body)

    status, said = ask(1, "decide", promote=False)
    assert status == 409 and "newer" in said["detail"]
    assert ask(TESTS, "decide", promote=False)[0] == 409  # it was stopped
    status, said = ask(1, "promote", version="v1.2", **HAND)
    assert (status, said["errors"][0]["field"]) == (422, "version")  # an arm of none of them
    assert ask(1, "promote", version="v1.1", **HAND) == (200, {"champion": "v1.1"})
    assert ask(1, "rollback", **HAND) == (200, {"champion": "v1.0"})
    for what, body in (("decide", {"promote": False}), ("rollback", HAND)):
        assert ask(TESTS + 1, what, **body)[0] == 404
    visitor.close()
