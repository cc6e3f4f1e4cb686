#!/usr/bin/env python3
"""Every JSON document that pgskew prints is held to its schema: every command, on every fixture,
the answers to what does not exist included.    check_schemas.py --bin DIR --fixtures DIR --schemas DIR
"""
import argparse
import pathlib
import subprocess
import sys

from validate import complaint, load_schema

SCHEMA = {
    "health": "monitoring_result", "full": "monitoring_result", "distribution": "distribution",
    "sizes": "sizes", "hot": "hot_spots", "skew": "skew", "collections": "collections",
    "statistics": "statistics", "recommendations": "recommendations",
    "health-summary": "health_summary", "list": "list",
}


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "fixtures", "schemas"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    snapshots = sorted(arguments.fixtures.glob("*/snapshot.db"))
    asked = [(schema, [command, str(path)], 0)
             for path in snapshots for command, schema in SCHEMA.items()]
    asked += [("statistics", ["statistics", "--partition", "0", str(path)], 0) for path in snapshots]
    asked += [(SCHEMA[command], [command, "--noise-floor", str(path)], 0)
              for path in snapshots for command in ("health", "skew", "recommendations", "full")]
    asked += [("detail", ["statistics", "--partition", "123456", str(snapshots[0])], 66),
              ("monitoring_result", ["health", "there-is-no-such-file"], 66)]
    asked += [("monitoring_result", ["check", "--baseline", "there-is-no-such-file", str(snapshots[0])], 3)]
    bad = 0
    for path in snapshots:
        code = subprocess.run([arguments.bin / "pgskew", "check", path], capture_output=True).returncode
        asked += [("monitoring_result", ["check", str(path)], code)]
        baseline = subprocess.run([arguments.bin / "pgskew", "check", "--write-baseline", "/dev/stderr", path],
                                  capture_output=True).stderr
        why = complaint(load_schema(arguments.schemas / "baseline.schema.json"), baseline)
        bad += why is not None or code == 3
        print("FAIL baseline of %s: %s" % (path, why) if why else "", end="")
    for schema, words, code in asked:
        run = subprocess.run([arguments.bin / "pgskew", *words, "-f", "json"], capture_output=True)
        why = complaint(load_schema(arguments.schemas / (schema + ".schema.json")), run.stdout)
        if why or run.returncode != code:
            bad += 1
            print("FAIL pgskew %s: exit %d, %s" % (" ".join(words), run.returncode, why))
    print("%d documents, %d failed" % (len(asked), bad))
    return 1 if bad or len(snapshots) < 7 else 0


if __name__ == "__main__":
    sys.exit(main())
