"""examples/server under load, beside what people would write in Python (python_server.py).

    server_bench.py FOLDER PROGRAM [quick]

wrk holds 64 connections. Votes are of many users, ten each, who got their cookies and tokens as
readers do: from a page of explanations. After the votes the rows are counted: none that was
answered with 200 may be missing. Both servers get the same requests and check the same.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llmlearn
from measure import print_figure, text_1kb

HERE = Path(__file__).resolve().parent
TOKEN, KEY = "for-the-bench-0123456789abcdefghij", "key-for-the-bench-0123456789abcdef"
REPORT = "/api/admin/llm-analytics?days=30"
CONNECTIONS, THREADS = 64, 1
EXPLANATIONS, VOTES_EACH = 20_000, 10
START_S, STOP_S = 20, 30


class Bench:
    def __init__(self, folder: Path, program: str, quick: bool) -> None:
        self.folder = folder
        self.program = program
        self.seconds = 2 if quick else 10
        self.users = 9_000 if quick else 45_000
        self.rival_users = 500 if quick else 3_000
        self.log = (folder / "server.log").open("w")
        self.environment = {
            **os.environ,
            "LLMLEARN_ADMIN_TOKEN": TOKEN,
            "LLMLEARN_SERVER_KEY": KEY,
            "LLMLEARN_SERVER_PORT": "0",
            "LLMLEARN_CONNECTIONS_PER_ADDRESS": "256",
            "LLMLEARN_IDENTITIES_PER_HOUR": "1000000",
        }

    # ---- the servers

    def start(self, command: list[str], database: Path, ready: str) -> subprocess.Popen[str]:
        environment = {**self.environment, "LLMLEARN_DB": str(database)}
        process = subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        alarm = threading.Timer(START_S, process.kill)
        alarm.start()
        for line in process.stdout:
            self.log.write(line)
            if ready in line:
                self.port = int(line.rpartition(":")[2].split()[0].strip("/"))
                break
        alarm.cancel()
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} did not start; see {self.log.name}")
        threading.Thread(target=self.log.writelines, args=(process.stdout,), daemon=True).start()
        return process

    @contextlib.contextmanager
    def running(self, command: list[str], database: Path, ready: str) -> Iterator[int]:
        process = self.start(command, database, ready)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

    def wrk(self, pid: int, *args: str) -> dict[str, Any]:
        command = ["wrk", "-t", str(THREADS), "-c", str(CONNECTIONS), "-d", f"{self.seconds}s"]
        command += ["--timeout", "10s", "-s", str(HERE / "server_bench.lua")]
        command += [f"http://127.0.0.1:{self.port}", "--", *args]
        before, all_before, wrk_before = processor_s(pid), machine_s(), os.times()
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=self.seconds + 60, check=True
        )
        took, after = processor_s(pid) - before, os.times()
        wrk = after.children_user + after.children_system
        wrk -= wrk_before.children_user + wrk_before.children_system
        others = max(0.0, machine_s() - all_before - took - wrk)
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        found["per_s"] = (found["requests"] - found["refused"]) / found["seconds"]
        each = f"{took / found['requests'] * 1e6:.0f} us of processor time each"
        beside = f"other programs took {others / found['seconds']:.2f} processors"
        print(f"  {args[0]}: {found['per_s']:.0f}/s, {each}; {beside}", file=sys.stderr)
        if found["again"]:
            print("  the votes ran out: it was faster than that", file=sys.stderr)
        if found["refused"] or found["broken"]:
            print(f"  {found['refused']} refused, {found['broken']} broken", file=sys.stderr)
        return found

    # ---- what is measured

    def votes(self, name: str, pid: int, file: Path, count: Callable[[], int]) -> None:
        found = self.wrk(pid, "votes", str(file), str(THREADS))
        answered = found["requests"] - found["refused"] - found["again"]
        stored = count()
        if stored > found["sent"]:
            raise SystemExit(f"{stored} votes were stored, and {found['sent']} sent")
        print(f"  {answered} votes answered, {stored} stored", file=sys.stderr)
        figure(name, "votes", found["per_s"], "votes/s", "value >= 10000")
        figure(name, "vote_p99", found["p99_ms"], "ms", "value <= 20")
        lost = max(0, answered - stored) + found["refused"] + found["broken"]
        figure(name, "votes_lost", lost, "votes", "value <= 0", beside=False)

    def reports(self, name: str, pid: int) -> None:
        found = self.wrk(pid, "get", REPORT, TOKEN)
        figure(name, "reports", found["per_s"], "requests/s", "value >= 20000")
        figure(name, "report_p99", found["p99_ms"], "ms", "value <= 20")

    # ---- ours

    def fill(self, path: Path) -> list[str]:
        text, ids = text_1kb(), []
        with llmlearn.Learner(path) as learner:
            for i in range(EXPLANATIONS):
                ids.append(
                    learner.log_explanation(
                        ticker=f"T{i % 100}", signal="BUY", text=text, model="m", latency_ms=800.0
                    )
                )
            learner.flush(timeout_s=30)
        return ids

    def readers(self, ids: list[str], file: Path) -> None:
        """Each user loads a page, and so gets a cookie and a token for each explanation on it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with file.open("w") as out:
            for i in range(self.users):
                before = ids[(i + 1) * VOTES_EACH % len(ids)] if i else ids[VOTES_EACH]
                connection.request("GET", f"/api/explanations?limit={VOTES_EACH}&before={before}")
                answer = connection.getresponse()
                page = json.loads(answer.read())
                if answer.status != 200:
                    raise SystemExit(f"a page of explanations: {answer.status} {page}")
                cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
                value = cookie.partition("=")[2]
                for said in page["explanations"]:
                    out.write(f"{said['id']} {value} {said['feedback_token']}\n")
        connection.close()

    def ours(self) -> None:
        path, file = self.folder / "server.db", self.folder / "votes"
        ids = self.fill(path)

        def stored() -> int:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return int(database.execute("SELECT count(*) FROM llm_feedback").fetchone()[0])

        with self.running([self.program], path, "listening on") as pid:
            start = time.perf_counter()
            self.readers(ids, file)
            rate = self.users / (time.perf_counter() - start)
            print(f"  {self.users} readers, {rate:.0f}/s from one of them", file=sys.stderr)
            memory = Memory(pid)
            self.votes("server", pid, file, stored)
            self.reports("server", pid)
            memory.stop()
        print_figure("server_memory", memory.last_mb, "MB")
        print_figure("server_memory_growth", memory.growth, "x", goal="value <= 1.05")

    # ---- the rival

    def rival(self) -> None:
        path, file = self.folder / "python.db", self.folder / "python_votes"
        os.environ.update(LLMLEARN_SERVER_KEY=KEY, LLMLEARN_ADMIN_TOKEN=TOKEN)
        import python_server

        database = python_server.connect(str(path))
        database.executescript(python_server.TABLES)
        ids = [f"019abf1e-9d3c-7c52-8a4e-{i:012x}" for i in range(EXPLANATIONS)]
        text = text_1kb()
        database.execute("BEGIN")
        rows = [(id_, 0.0, f"T{i % 100}", "BUY", "v1.0", text) for i, id_ in enumerate(ids)]
        database.executemany("INSERT INTO explanations VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")
        expiry = int(time.time()) + python_server.WEEK_S
        with file.open("w") as out:
            for i in range(self.rival_users * VOTES_EACH):
                id_, user = ids[i % len(ids)], f"user-{i // VOTES_EACH}"
                cookie, token = python_server.cookie_of(user), python_server.token_of
                out.write(f"{id_} {cookie} {token(id_, user, expiry)}\n")
        command = [sys.executable, "-m", "gunicorn", "--chdir", str(HERE), "-b", "127.0.0.1:0"]
        command += ["-w", "2", "-k", "gthread", "--threads", "16", "python_server:app"]

        def stored() -> int:
            return int(database.execute("SELECT count(*) FROM votes").fetchone()[0])

        with self.running(command, path, "Listening at:") as pid:
            self.votes("python_server", pid, file, stored)
            self.reports("python_server", pid)
        database.close()


def figure(
    name: str, what: str, value: float, unit: str, goal: str, beside: bool = True
) -> None:
    """Of the server, which has goals and stands beside the other, or of that one."""
    if name != "server":
        print_figure(f"{name}_{what}", value, unit)
        return
    reference = f"@python_server_{what}" if beside else ""
    print_figure(f"{name}_{what}", value, unit, reference=reference, goal=goal)


def processor_s(pid: int) -> float:
    """User and system time of a process and its children, so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for each in [pid, *map(int, children)]:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def machine_s() -> float:
    """What all programs together have used of the processors."""
    fields = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) / os.sysconf("SC_CLK_TCK")


class Memory:
    """What a process has resident, several times a second."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.kb: list[int] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        while not self.stopped.wait(0.2):
            with open(f"/proc/{self.pid}/status") as file:
                lines = dict(line.split(":", 1) for line in file)
            self.kb.append(int(lines["VmRSS"].split()[0]))

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()

    @property
    def last_mb(self) -> float:
        return self.kb[-1] / 1024

    @property
    def growth(self) -> float:
        """The end of the run against its middle."""
        return self.kb[-1] / self.kb[len(self.kb) // 2]


def main() -> None:
    bench = Bench(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:] == ["quick"])
    bench.ours()
    bench.rival()


main()
