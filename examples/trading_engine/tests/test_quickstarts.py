"""The quick starts in the README are the files beside the engine, to the letter."""

from __future__ import annotations

import pytest
from conftest import ENGINE

EXAMPLES = ENGINE.parent


@pytest.mark.parametrize(("language", "name"), [("c", "quickstart.c"), ("python", "quickstart.py")])
def test_the_readme_shows_the_file(language: str, name: str) -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    source = (EXAMPLES / name).read_text(encoding="utf-8")
    assert f"```{language}\n{source}```\n" in readme
