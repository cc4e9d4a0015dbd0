"""examples/server against whatever Schemathesis makes of its openapi.json: good, odd and bad
requests for every operation. No 5xx, nothing that is not described, nothing bad taken for good.

    http_api.py FOLDER [EXAMPLES]

FOLDER is where Schemathesis is installed by pip, pinned, if it is not there yet.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1] / "examples" / "server" / "tests"
sys.path.insert(0, str(TESTS))

import contract  # noqa: E402
import history  # noqa: E402
import running  # noqa: E402

VERSION = "4.32.5"
NO_LIMITS = {
    "LLMLEARN_IDENTITIES_PER_HOUR": "1000000",
    "LLMLEARN_EXPLAINS_PER_HOUR": "1000000",
    "LLMLEARN_CONNECTIONS_PER_ADDRESS": "200",
}
MINUTES_MAX = 60


def install(folder: Path) -> Path:
    program = folder / "bin" / "schemathesis"
    if not (folder / f"is-{VERSION}").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"schemathesis=={VERSION}"], check=True, timeout=600)
        (folder / f"is-{VERSION}").touch()
    return program


def main() -> int:
    program = install(Path(sys.argv[1]).resolve())
    examples = sys.argv[2] if sys.argv[2:] else "100"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learning.db"
        history.make(path)
        with running.Running(path, **NO_LIMITS) as server:
            page = server.ask("GET", "/api/explanations", {}, None)
            cookie = (page.header("Set-Cookie") or "").partition(";")[0]
            command = [program, "--config-file", HERE / "schemathesis.toml", "run"]
            command += [contract.DOCUMENT, "--url", f"http://127.0.0.1:{server.port}"]
            command += ["-H", f"Authorization: Bearer {running.ADMIN_TOKEN}"]
            command += ["-H", f"Cookie: {cookie}", "--max-examples", examples]
            command += ["--phases", "examples,coverage,fuzzing", "--warnings", "off"]
            return subprocess.call(command, cwd=folder, timeout=60 * MINUTES_MAX)


sys.exit(main())
