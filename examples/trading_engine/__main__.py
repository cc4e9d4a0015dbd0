"""The trading engine as a program: ``make run`` starts it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from .console import standard_screen

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("LL_BUILD", "build")
DATABASE = ROOT / "build" / "demo" / "learning.db"
SERVER = BUILD / "llmlearn-server"
DASHBOARD = BUILD / "dashboard"


def _arguments(args: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="trading_engine",
        description="Replays real prices; learns which explanations readers find helpful.",
        epilog="The database is build/demo/learning.db, or what LLMLEARN_DEMO_DB names. "
        "A model is asked if LLMLEARN_LLM_URL and LLMLEARN_LLM_MODEL are set; see endpoint.py.",
    )
    parser.add_argument("--once", action="store_true", help="for scripts: plain lines, no prompt")
    parser.add_argument(
        "--rate",
        type=_up_to(100),
        nargs="?",
        const=5,
        default=0,
        metavar="N",
        help="ask you first for your opinion on N explanations (5)",
    )
    parser.add_argument(
        "--readers",
        type=_up_to(200),
        default=8,
        metavar="N",
        help="simulated readers of each signal (8); 0: no replay",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of the simulated readers (1)"
    )
    parser.add_argument(
        "--rule",
        choices=("classic", "group_sequential", "always_valid"),
        default="classic",
        help="how new tests are decided (classic); the others take weeks, on a simulated clock",
    )
    parser.add_argument(
        "--week",
        action="store_true",
        help="a week on a simulated clock, and the weekly job at its end, in a database of its own",
    )
    parser.add_argument(
        "--month",
        action="store_true",
        help="a month on a simulated clock, ending now, in a database of its own",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="the server and the dashboard on a month, which is made unless there is a fresh one",
    )
    options = parser.parse_args(args)
    if options.rate and (options.month or options.serve):
        parser.error("--month and --serve ask nobody, --rate does")
    if options.week + options.month + options.serve > 1:
        parser.error("one of --week, --month and --serve")
    if options.serve and options.once:
        parser.error("--serve goes on until it is stopped, --once does not")
    if options.week and options.rate:
        parser.error("--week asks nobody, --rate does")
    if options.once and options.rate:
        parser.error("--once never asks, --rate does")
    return options


def _up_to(most: int) -> Any:
    def number(text: str) -> int:
        value = int(text)
        if not 0 <= value <= most:
            raise argparse.ArgumentTypeError(f"must be 0 to {most}")
        return value

    return number


def main(args: list[str] | None = None) -> int:
    """The exit code: 0 good, 1 failed, 2 wrong arguments or set-up."""
    options = _arguments(args)
    screen = standard_screen(os.environ, quiet=options.once)
    try:
        from llmlearn import LearnerError

        from .demo import run
        from .endpoint import Endpoint, SetupError
        from .month import is_fresh, run_month
        from .serving import serve
        from .week import run_week
    except ImportError as problem:
        print(f"{problem}: build the Python binding first, or use 'make run'", file=sys.stderr)
        return 2
    try:
        endpoint = Endpoint.from_environment(os.environ)
        database = Path(os.environ.get("LLMLEARN_DEMO_DB") or DATABASE).absolute()
        database.parent.mkdir(parents=True, exist_ok=True)
        if options.week:
            database = database.with_name("week.db")
            asyncio.run(run_week(screen, options.seed, options.readers, database, endpoint))
        elif options.month:
            run_month(screen, options.seed, database.with_name("month.db"))
        elif options.serve:
            database = database.with_name("month.db")
            if is_fresh(database):
                screen.note(f"There is a SIMULATED month of today: {database}")
            else:
                run_month(screen, options.seed, database)
            serve(screen, database, SERVER, DASHBOARD)
        else:
            asyncio.run(run(screen, options, database, endpoint))
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 2
    except (LearnerError, OSError) as problem:
        if isinstance(problem, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        screen.clear_progress()
        print(f"the engine stops: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.line()
        screen.line("Stopped. What was logged and voted is kept; run it again to go on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
