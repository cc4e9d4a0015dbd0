"""Hashes are right also where there is no memory: a token must never be compared with what an
earlier request left on the stack."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_hashes_want_no_memory(tmp_path: Path) -> None:
    program = tmp_path / "check"
    sources = [HERE / "secrets_check.c", HERE.parent / "secrets.c"]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-o", program, *sources, "-lcrypto"]
    subprocess.run([os.environ.get("CC", "cc"), *flags], check=True)
    draw = random.Random(7)
    for length in (0, 1, 55, 56, 63, 64, 65, 119, 120, 2000):
        key = draw.randbytes(32)
        text = "".join(chr(draw.randrange(1, 128)) for _ in range(length))
        done = subprocess.run([program, key.hex(), text], text=True, capture_output=True)
        assert done.returncode == 0
        whole, keyed = done.stdout.split()
        assert whole == hashlib.sha256(text.encode()).hexdigest()
        assert keyed == hmac.digest(key, text.encode(), "sha256").hex()
