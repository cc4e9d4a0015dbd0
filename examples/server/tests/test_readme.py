"""The commands in README.md do what it says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import running

README = Path(__file__).resolve().parents[1] / "README.md"


def test_asking_by_curl(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.S)
    (asking,) = [block for block in blocks if "curl" in block]
    with running.Running(tmp_path / "l.db") as server:
        address = "http://127.0.0.1:8080"
        assert address in asking
        script = asking.replace(address, f"http://127.0.0.1:{server.port}")
        script = re.sub(r"^(?=curl)", "echo; ", script, flags=re.M)
        environment = {**running.environment_of(tmp_path / "l.db")}
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
            timeout=running.ANSWER_S,
        )
    if done.returncode == 127:
        pytest.skip("no curl here")
    assert done.returncode == 0, done.stderr
    page, said, vote, report = (json.loads(line) for line in done.stdout.split("\n") if line)
    assert page["explanations"] == [] and said["source"] == "template"
    assert vote == {"received": True}
    assert (report["total_explanations"], report["positive"]) == (1, 1)


def test_every_variable_is_told() -> None:
    """Those that options.c reads are those of the table."""
    options = (README.parent / "options.c").read_text()
    read = set(re.findall(r'"(LLMLEARN_[A-Z_]+)"', options))
    _, _, table = README.read_text().partition("## Environment")
    told = set(re.findall(r"`(LLMLEARN_[A-Z_]+)`", table.partition("## Behind")[0]))
    assert read == told


def test_every_path_is_in_the_description() -> None:
    """Of route.c's table and openapi.json neither has what the other lacks."""
    text = (README.parent / "route.c").read_text()
    names = dict(re.findall(r'#define (\w+) (?:\w+ )?"([^"]+)"', text))
    names["VARIANT"] = names["VARIANTS"] + names["VARIANT"]
    rows = re.findall(r'\{ "([A-Z]+)", (\w+)?(?: ?"([^"]+)")?, \w+_\w+,', text)
    routes = {(method, names.get(base, "") + end) for method, base, end in rows}
    described = json.loads((README.parent / "openapi.json").read_text())["paths"]
    paths = {
        (method.upper(), path)
        for path, item in described.items()
        for method in item
        if method in ("get", "post", "delete", "put", "patch")
    }
    assert routes - {("GET", "/*")} == paths - {("GET", "/")}
