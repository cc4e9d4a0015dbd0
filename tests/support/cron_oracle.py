"""Judges cron lines as croniter (Debian's python3-croniter) does.

    cron_oracle.py FILE

A row of FILE is: a time in seconds, what we said of the line (`invalid`, `never`, or the next
moment in seconds), and the line, with tabs between them. Ends with 0 if croniter would say the
same of all of them, 1 if not, 77 without croniter. The last line counts.

Three readings differ, and are put to croniter so that it answers our question:

 - Where a day field begins with `*`, both must suit, as in Vixie's cron: that is croniter's
   day_or=False. A day field that is full without beginning with `*` suits each day.
 - croniter has fields for seconds, and L, #, H and R: we refuse them.
 - From a month without a 29th, 30th or 31st croniter may step over the first days of the next.
   So the next moment is searched day by day in the sets that croniter read; croniter's own
   answer must be that or, with such a day in the line, a later one.
"""
import collections
import datetime
import re
import sys

try:
    from croniter import croniter
    from croniter.croniter import CroniterBadDateError
except ImportError:
    sys.exit(77)

WORDS = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat")
EPOCH = datetime.datetime(1970, 1, 1)
YEARS = 41
SHOWN = 20


def is_extension(line):
    rest = WORDS.sub("", line.lower())
    return not line.startswith("@") and (len(line.split()) == 6 or re.search("[lhr#]", rest))


def read(line):
    """(sets, both days, the line and the options that make croniter answer our question)"""
    sets = croniter.expand(line)[0]
    fields = line.split()
    if len(fields) != 5:  # a word
        return sets, True, line, {}
    both = fields[2][0] == "*" or fields[4][0] == "*"
    asked = {"day_or": False} if both else {}
    if not both and ("*" in sets[2] or "*" in sets[4]):
        sets[2] = sets[4] = fields[2] = fields[4] = "*"
        return sets, True, " ".join(fields), {}
    return sets, both, line, asked


def has(values, value):
    return "*" in values or value in values


def suits(sets, both, day):
    if not has(sets[3], day.month):
        return False
    by_date, by_weekday = has(sets[2], day.day), has(sets[4], day.isoweekday() % 7)
    return by_date and by_weekday if both else by_date or by_weekday


def search(sets, both, after):
    """The first moment after a time, by looking at every day."""
    start = EPOCH + datetime.timedelta(seconds=after // 60 * 60 + 60)
    minutes = [(h, m) for h in range(24) if has(sets[1], h) for m in range(60) if has(sets[0], m)]
    day = start.replace(hour=0, minute=0)
    for _ in range(YEARS * 366):
        if suits(sets, both, day):
            for hour, minute in minutes:
                found = day.replace(hour=hour, minute=minute)
                if found >= start:
                    return int((found - EPOCH).total_seconds())
        day += datetime.timedelta(days=1)
    return "never"


def judge(after, ours, line, count):
    if is_extension(line):
        count["extension"] += 1
        return ours == "invalid"
    try:
        sets, both, asked, options = read(line.strip() if line.strip().startswith("@") else line)
    except Exception:  # whatever it stumbles over
        count["invalid"] += 1
        return ours == "invalid"
    expected = search(sets, both, after)
    try:
        theirs = int(croniter(asked, after, **options).get_next())
    except CroniterBadDateError:
        theirs = "never"
    if theirs != expected:
        count["stepped over"] += 1
        if theirs == "never" or theirs < expected or not any(
            isinstance(d, int) and d > 28 for d in sets[2]
        ):
            print(f"{line!r} after {after}: croniter {theirs}, by its sets {expected}")
            return False
    count["never" if expected == "never" else "valid"] += 1
    return str(expected) == ours


def main():
    count = collections.Counter()
    for row in open(sys.argv[1], encoding="latin-1", newline="\n"):
        after, ours, line = row.rstrip("\n").split("\t", 2)
        count["judged"] += 1
        if not judge(int(after), ours, line, count):
            count["differ"] += 1
            if count["differ"] <= SHOWN:
                print(f"{line!r} after {after}: ours {ours}")
    print(", ".join(f"{count[k]} {k}" for k in ("judged", "valid", "never", "invalid",
                                                "extension", "stepped over", "differ")))
    sys.exit(1 if count["differ"] else 0)


main()
