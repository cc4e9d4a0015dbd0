"""The search for secrets itself: what it must find, it finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HANG_S, package_path

TESTS = """
import base64, logging, sys
from canary import MARK

def test_nothing(tmp_path):
    (tmp_path / "a").write_text("nothing")
    print("nothing")

def test_file(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a").write_bytes(b"\\0" + MARK.encode())

def test_base64(tmp_path):
    (tmp_path / "a").write_bytes(base64.b64encode(b"x" + MARK.encode() + b"y"))

def test_printed():
    print("key", MARK)

def test_stderr():
    print("key", MARK, file=sys.stderr)

def test_logged():
    logging.getLogger("a").warning("key %s", MARK)
"""


@pytest.mark.leaves_a_secret
def test_a_secret_fails_the_test_that_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "canary",
         f"--basetemp={tmp_path / 'base'}", "-rA", str(tmp_path / "test_inner.py")],
        capture_output=True, text=True, env=package_path(), timeout=HANG_S, cwd=tmp_path,
    )
    assert "PASSED test_inner.py::test_nothing" in done.stdout
    for name in ("printed", "stderr", "logged"):
        assert f"FAILED test_inner.py::test_{name}" in done.stdout
    for name in ("file", "base64"):
        assert f"ERROR test_inner.py::test_{name}" in done.stdout
    assert done.returncode == 1
