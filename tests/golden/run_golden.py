#!/usr/bin/env python3
"""Run the programs on fixtures/ and compare every byte with tests/golden/expected/.

    run_golden.py --bin DIR --fixtures DIR [--update]

--update rewrites the expected files; the diff is the review.
"""
import argparse
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402

EXPECTED = pathlib.Path(__file__).resolve().parent / "expected"
FORMATS = {"table": "txt", "json": "json", "csv": "csv", "markdown": "md"}
COMMANDS = ("health", "distribution", "sizes", "hot", "skew", "collections", "statistics",
            "recommendations", "health-summary", "full", "list")


def runs():
    """(name of the expected file, arguments, exit code); paths are relative to fixtures/."""
    for situation in ("three_partitions", "nested_range"):
        for command in COMMANDS:
            for form, ending in FORMATS.items():
                yield ("%s/%s.%s" % (situation, command, ending),
                       [command, "-f", form, situation + "/snapshot.db"], 0)
    for form, ending in FORMATS.items():
        yield ("warning/collections." + ending, ["collections", "-f", form, "warning/snapshot.db"], 0)
        yield ("three_partitions/statistics_1." + ending,
               ["statistics", "--partition", "1", "-f", form, "three_partitions/snapshot.db"], 0)
    yield ("three_partitions/statistics_9.json",
           ["statistics", "--partition", "9", "-f", "json", "three_partitions/snapshot.db"], 66)
    yield ("three_partitions/health.color.txt",
           ["health", "--color", "always", "three_partitions/snapshot.db"], 0)
    yield ("three_partitions/health.verdict.txt",
           ["health", "--fail-on", "critical", "three_partitions/snapshot.db"], 2)
    now = ["--now", "2026-11-22T07:00:00Z"]
    for form, ending in dict(FORMATS, junit="xml", sarif="sarif").items():
        yield ("three_partitions/check." + ending, ["check", *now, "-f", form, "three_partitions/snapshot.db"], 2)
    yield "hot_writes/check.txt", ["check", "hot_writes/snapshot.db", *now], 2
    yield "balanced/check.txt", ["check", *now, "-c", "staleness=26h", "balanced/snapshot.db"], 0
    for situation in ("balanced", "warning", "zipf_skewed", "hot_writes", "empty"):
        yield situation + "/full.txt", ["full", situation + "/snapshot.db"], 0
    for form, ending in FORMATS.items():
        yield ("diff/balanced_hot_writes." + ending,
               ["diff", "-f", form, "balanced/snapshot.db", "hot_writes/snapshot.db"], 0)
    for situation in ("zipf_skewed", "hot_writes"):
        for command in ("health", "skew", "recommendations"):
            for form in ("table", "json"):
                yield ("%s/%s.noise.%s" % (situation, command, FORMATS[form]),
                       [command, "--noise-floor", "-f", form, situation + "/snapshot.db"], 0)
    yield ("hot_writes/health.quiet.txt",
           ["health", "--noise-floor", "--fail-on", "critical", "hot_writes/snapshot.db"], 2)
    yield ("zipf_skewed/health.quiet.txt",
           ["health", "--noise-floor", "--fail-on", "critical", "zipf_skewed/snapshot.db"], 2)


def run_all(programs, tally, fixtures, into):
    for name, args, code in runs():
        got = programs.pgskew(*args, cwd=fixtures)
        tally.expect(got.code == code, name, got)
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(got.out)


def compare(tally, made, expected):
    names = {str(p.relative_to(d)) for d in (made, expected) for p in d.rglob("*") if p.is_file()}
    for name in sorted(names):
        got, want = made / name, expected / name
        if not got.exists() or not want.exists():
            tally.expect(False, name, "nobody makes it" if want.exists() else "not expected; --update?")
        else:
            tally.expect(got.read_bytes() == want.read_bytes(), name, first_difference(want, got))


def first_difference(want, got):
    a, b = want.read_bytes().splitlines(), got.read_bytes().splitlines()
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return "line %d: expected %r, got %r" % (i + 1, x[:120], y[:120])
    return "%d lines expected, got %d" % (len(a), len(b))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--update", action="store_true", help="rewrite the expected files")
    options = parser.parse_args()
    programs, tally, fixtures = Programs(options.bin), Tally(), pathlib.Path(options.fixtures).resolve()
    if options.update:
        run_all(programs, tally, fixtures, EXPECTED)
        return tally.finish()
    with tempfile.TemporaryDirectory() as scratch:
        run_all(programs, tally, fixtures, pathlib.Path(scratch))
        compare(tally, pathlib.Path(scratch), EXPECTED)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
