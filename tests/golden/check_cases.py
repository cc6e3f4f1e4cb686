#!/usr/bin/env python3
"""Import every recorded case, ask every question, compare with the recorded answers.

    check_cases.py --bin DIR --cases DIR [--only NAME]

One line per failing comparison, a count at the end, exit 1 if any failed.
"""
import argparse
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
from answers import check_bodies, check_sql_views, check_view_commands  # noqa: E402
from programs import Programs, Tally  # noqa: E402
from reference import Case  # noqa: E402


def check_case(tally, programs, case, directory):
    tally.expect_none(case.self_check(), case.name + " (the expectation itself)")
    snapshot = directory / (case.name + ".db")
    done = programs.collect("import", "--taken-at", case.meta["taken_at"], "-o", snapshot,
                            case.directory)
    if not tally.expect(done.code == 0 and snapshot.is_file(), case.name + " import", done):
        return
    tally.expect(done.err == "", case.name + " import finds nothing to remark", done)
    tally.expect(done.out.decode() == "%s\n" % snapshot, case.name + " import prints the path", done.out)
    check_bodies(tally, programs, case, snapshot)
    check_sql_views(tally, case, snapshot, case.name)
    check_view_commands(tally, programs, case, snapshot, case.name)
    left = sorted(path.name for path in directory.iterdir())
    tally.expect(left == [snapshot.name], case.name + " leaves nothing beside the file", left)
    snapshot.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--cases", required=True, help="directory of recorded cases")
    parser.add_argument("--only", help="check the case of this name alone")
    options = parser.parse_args()
    programs, tally = Programs(options.bin), Tally()
    for path in sorted(pathlib.Path(options.cases).iterdir()):
        if options.only in (None, path.name):
            with tempfile.TemporaryDirectory() as directory:
                check_case(tally, programs, Case(path), pathlib.Path(directory))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
