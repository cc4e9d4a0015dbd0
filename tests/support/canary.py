"""A pytest plugin: no secret that a test gives is in what the test leaves or prints.

The other half is tests/support/canary.h, which says more and holds the mark.
`make pytest` loads this for every folder of tests.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_HEADER = Path(__file__).with_name("canary.h").read_text(encoding="utf-8")
MARK = re.search(r'#define CANARY_MARK "(.+)"', _HEADER)[1]  # type: ignore[index]


def _encoded(before: int) -> bytes:
    """The part of its base64 that does not depend on what stands around it."""
    mark = MARK.encode()[(3 - before) % 3 :]
    return base64.b64encode(mark[: len(mark) // 3 * 3])


_FORMS = [MARK.encode(), *(_encoded(before) for before in range(3))]


def holds_secret(content: bytes) -> bool:
    return any(form in content for form in _FORMS)


def files_with_secret(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path) for path in files if holds_secret(path.read_bytes())]


@pytest.fixture
def canary() -> str:
    """What each key, password and secret of a test contains; 16 characters and more."""
    return MARK


@pytest.fixture(autouse=True)
def no_secret_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Made first, so that it looks when everything else has been closed."""
    yield
    folder = request.node.funcargs.get("tmp_path")
    found = files_with_secret(folder) if folder else []
    if found and not request.node.get_closest_marker("leaves_a_secret"):
        pytest.fail(f"secrets are left in {', '.join(found)}", pytrace=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "leaves_a_secret: the control of the search itself")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    report = (yield).get_result()  # type: ignore[misc]
    for name, content in report.sections:
        if holds_secret(content.encode()):
            report.outcome = "failed"
            report.longrepr = f"{name} of {item.nodeid} holds a secret"
            report.sections = []
            break
