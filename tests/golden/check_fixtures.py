#!/usr/bin/env python3
"""The expected/*.json of fixtures/ must be what the reference system recorded.

    check_fixtures.py --fixtures DIR

Six situations are recorded cases: their bodies are the recorded ones after the stated deviations.
nested_range was exported by export.sql, in which PostgreSQL itself did the arithmetic.
"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
from programs import Tally  # noqa: E402
from reference import Case, Exports, differences, load_csv, load_json, time_us  # noqa: E402

RECORDED = {
    "balanced": "balanced-100", "warning": "mixed-warning-100", "zipf_skewed": "zipf-skewed-100",
    "hot_writes": "hot-writes-100", "empty": "empty-100", "three_partitions": "p3-half-exact",
}
BODIES = ("health", "statistics", "recommendations", "health-summary")


def nested_bodies(directory):
    exports = Exports(directory / "export")
    recorded = load_csv(directory / "recorded.csv")[0]
    return {
        "health": exports.health_body(time_us(recorded["taken_at"])),
        "statistics": exports.statistics_body(float(recorded["chunk_count_stddev"])),
        "recommendations": exports.recommendations(),
        "health-summary": exports.health_summary_body(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fixtures", required=True)
    fixtures, tally = pathlib.Path(parser.parse_args().fixtures), Tally()
    wanted = {"nested_range": nested_bodies(fixtures / "nested_range")}
    for situation, name in RECORDED.items():
        case = Case(fixtures / "reference" / "cases" / name)
        wanted[situation] = {body: case.expected(body) for body in BODIES}
        for path in sorted((fixtures / situation / "export").iterdir()):
            tally.expect(path.read_bytes() == (case.directory / path.name).read_bytes(),
                         "%s/export/%s is the recorded export" % (situation, path.name))
    for situation, bodies in wanted.items():
        for body, want in bodies.items():
            path = fixtures / situation / "expected" / (body + ".json")
            tally.expect_none(differences(want, load_json(path)), "%s %s" % (situation, body))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
