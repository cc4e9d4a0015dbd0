"""Tables, bars and a progress line on a terminal, plain lines elsewhere.

Colours only on a terminal and not with NO_COLOR; box characters only where
the locale is UTF-8; nothing wider than the window, and 80 columns suffice.
"""

from __future__ import annotations

import math
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "title": "1;36"}
_CODE = re.compile(r"\x1b\[[0-9;]*m")
_NOT_ASCII = {"─": "-", "…": "~", "–": "-", "█": "#", "·": ".", "★": "*", "é": "e"}
_LEVELS = "▁▂▃▄▅▆▇█"
_LEVELS_ASCII = "_.:-=+*#"
_WIDTH_MAX = 100


class Screen:
    """Where the engine shows what it does."""

    def __init__(
        self,
        stream: TextIO,
        env: Mapping[str, str],
        *,
        quiet: bool = False,
        width: int | None = None,
    ) -> None:
        """``quiet``: no progress line even on a terminal."""
        terminal = stream.isatty() and env.get("TERM") != "dumb"
        self.stream = stream
        self.colour = terminal and not env.get("NO_COLOR")
        self.moving = terminal and not quiet
        self.utf8 = is_utf8(env, stream.encoding or "")
        columns = width or shutil.get_terminal_size((80, 24)).columns
        self.width = max(40, min(columns, _WIDTH_MAX))
        self._progress_shown = False

    # ---- lines

    def line(self, text: str = "") -> None:
        self.clear_progress()
        self.stream.write(self.plain(text).rstrip() + "\n")
        self.stream.flush()

    def title(self, text: str) -> None:
        """A heading with a rule under it."""
        self.line()
        self.line(self.style(text, "title"))
        self.line(self.style("─" * min(self.width, max(len(text), 40)), "dim"))

    def note(self, text: str, *, indent: str = "", style: str | None = None) -> None:
        """A paragraph, wrapped."""
        for line in textwrap.wrap(
            text, self.width, initial_indent=indent, subsequent_indent=indent
        ):
            self.line(self.style(line, style) if style else line)

    def style(self, text: str, name: str) -> str:
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if self.colour else text

    def plain(self, text: str) -> str:
        """The text in the characters that this terminal can show."""
        if self.utf8:
            return text
        for wide, narrow in _NOT_ASCII.items():
            text = text.replace(wide, narrow)
        return text.encode("ascii", "replace").decode()

    # ---- figures

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
        """Columns under a header: the first ``left`` of them to the left, the rest right."""
        if not rows:
            self.line("  none yet")
            return
        widths = [max(_width(row[i]) for row in (header, *rows)) for i in range(len(header))]
        self.line(self.style("  " + _row(header, widths, left), "dim"))
        for row in rows:
            self.line("  " + _row(row, widths, left))

    def bar(self, share: float | None, width: int = 10) -> str:
        """A share of 1 as a bar of a fixed width."""
        filled = 0 if share is None else round(max(0.0, min(1.0, share)) * width)
        return "█" * filled + "·" * (width - filled)

    def spark(self, values: Sequence[float], low: float = 0.0) -> str:
        """Values as a line of small columns: ``low`` at the bottom, the highest at full height."""
        levels = _LEVELS if self.utf8 else _LEVELS_ASCII
        span = max(values, default=low) - low
        steps = [(value - low) / span if span > 0 else 0.0 for value in values]
        return "".join(levels[round(max(0.0, step) * (len(levels) - 1))] for step in steps)

    # ---- progress

    def progress(self, text: str, share: float) -> None:
        """One line that stays where it is; nothing unless this is a terminal."""
        if not self.moving:
            return
        line = f"{self.bar(share, 20)} {share:4.0%}  {text}"[: self.width - 1]
        self.stream.write("\r\x1b[K" + self.plain(line))
        self.stream.flush()
        self._progress_shown = True

    def clear_progress(self) -> None:
        if self._progress_shown:
            self.stream.write("\r\x1b[K")
            self._progress_shown = False


def is_utf8(env: Mapping[str, str], encoding: str) -> bool:
    """Whether both the locale and the stream speak UTF-8.

    Python writes UTF-8 even in the C locale; a terminal there may not show it.
    """
    named = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    locale_does = named.lower().replace("-", "").endswith("utf8")
    return locale_does and encoding.lower().replace("-", "").startswith("utf8")


def make_safe(*streams: TextIO) -> None:
    """What a stream cannot hold becomes a question mark instead of an error."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def standard_screen(env: Mapping[str, str], *, quiet: bool) -> Screen:
    """The screen on standard output."""
    make_safe(sys.stdout, sys.stdin)
    return Screen(sys.stdout, env, quiet=quiet)


def _width(text: str) -> int:
    return len(_CODE.sub("", text))


def _row(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    padded = []
    for i, (cell, width) in enumerate(zip(cells, widths)):
        space = " " * (width - _width(cell))
        padded.append(cell + space if i < left else space + cell)
    return "  ".join(padded)


# ---- numbers as text


def count(value: int) -> str:
    return f"{value:,}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}".replace("%", " %")


def interval(pair: Sequence[float] | None) -> str:
    """A 95 % interval, in percent."""
    return "-" if not pair else f"{pair[0] * 100:.0f}–{pair[1] * 100:.0f} %"


def decimal(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def dollars(nanousd: int | None) -> str:
    return "-" if nanousd is None else f"${nanousd / 1e9:.4f}"


def p_value(value: float | None) -> str:
    if value is None:
        return "p unknown"
    return f"p = {value:.2g}" if value >= 1e-300 else "p < 1e-300"


def e_value(ln: float) -> str:
    """From its logarithm, which has no limit."""
    return f"e-value {math.exp(ln):.3g}" if ln < 690 else "e-value over 1e+299"
