#!/usr/bin/env python3
"""Command lines that are wrong or odd: exit codes, sentences, secrets, choices, verdicts.

    check_bad_usage.py --bin DIR --cases DIR
"""
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
from bench import CANT_CREATE, DATA, NO_INPUT, TAKEN, UNAVAILABLE, USAGE, run_checks  # noqa: E402
from reference import parse_json  # noqa: E402


# ---- command lines ----

def check_usage(bench):
    programs, good = bench.programs, bench.good_snapshot
    out = bench.fresh("out")
    export = bench.good_export
    for what, got in [
        ("pgskew without a command", programs.pgskew()),
        ("pgskew with an unknown command", programs.pgskew("frobnicate", good)),
        ("pgskew with an unknown option", programs.pgskew("health", "--frobnicate", good)),
        ("pgskew with an unknown format", programs.pgskew("health", "-f", "yaml", good)),
        ("pgskew with an option that lacks its value", programs.pgskew("health", good, "-f")),
        ("pgskew with a bad --at", programs.pgskew("health", "--at", "yesterday", good)),
        ("pgskew with --at without an offset",
         programs.pgskew("health", "--at", "2025-10-20T10:15:00", good)),
        ("pgskew with a bad --partition", programs.pgskew("statistics", "--partition", "x", good)),
        ("pgskew with a bad --fail-on", programs.pgskew("health", "--fail-on", "maybe", good)),
        ("pgskew with a bad --color", programs.pgskew("health", "--color", "pink", good)),
        ("pgskew with a bad --threads", programs.pgskew("health", "--threads", "-1", good)),
        ("pgskew-collect without a command", programs.collect()),
        ("pgskew-collect with an unknown command", programs.collect("grab")),
        ("import without a directory", programs.collect("import", "--taken-at", TAKEN, "-o", out)),
        ("import without --taken-at", programs.collect("import", "-o", out, export)),
        ("import without -o", programs.collect("import", "--taken-at", TAKEN, export)),
        ("import with a bad time", programs.collect("import", "--taken-at", "noon", "-o", out, export)),
        ("import with a time that does not exist",
         programs.collect("import", "--taken-at", "2025-02-30T00:00:00Z", "-o", out, export)),
        ("import with two directories",
         programs.collect("import", "--taken-at", TAKEN, "-o", out, export, export)),
        ("snapshot with an empty --snapshot",
         programs.collect("snapshot", "-d", "host=/nonexistent", "--snapshot", "", "-o", out)),
        ("snapshot with a port that is no number",
         programs.collect("snapshot", "-d", "host=/nonexistent", "-p", "5432x", "-o", out)),
        ("snapshot with a port that is none",
         programs.collect("snapshot", "-d", "host=/nonexistent port=99999", "-o", out)),
        ("snapshot with a service that nobody defined",
         programs.collect("snapshot", "-d", "service=nonexistent", "-o", out)),
        ("snapshot with a bad sslmode",
         programs.collect("snapshot", "-d", "host=/nonexistent sslmode=bogus", "-o", out)),
        ("import to stdout", programs.collect("import", "--taken-at", TAKEN, "-o", "-", export)),
        ("import-history to stdout", programs.collect("import-history", "--output=-", export)),
        ("an option that the command lacks", programs.pgskew("verify", "-o", "-", good)),
        ("snapshot without -o", programs.collect("snapshot", "-d", "host=/nonexistent")),
        ("snapshot to nowhere", programs.collect("snapshot", "-d", "host=/nonexistent", "-o", "")),
        ("snapshot with bad counts",
         programs.collect("snapshot", "-d", "host=/nonexistent", "--counts", "some", "-o", out)),
    ]:
        bench.fails(what, got, USAGE)
    bench.tally.expect(not list(out.iterdir()), "usage errors leave nothing", list(out.iterdir()))
    for program in ("pgskew", "pgskew-collect"):
        for option in ("--help", "--version"):
            got = programs.run(program, option)
            bench.tally.expect(got.code == 0 and got.out and not got.err, program + " " + option, got)


def check_stdout(bench):
    """-o - is stdout, as without -o, and makes no file."""
    place = bench.fresh("place")
    for args in (("health",), ("full", "-f", "json"), ("list", "-f", "csv"), ("report",), ("export", "-f", "openmetrics"),
                 ("check", "--now", TAKEN, "-f", "json"), ("check", "--now", TAKEN)):
        want = bench.programs.pgskew(*args, bench.good_snapshot)
        for output in (("-o", "-"), ("--output=-",), ("-o-",), ("-o", place / "not-here", "-o", "-")):
            got = bench.programs.pgskew(*args, *output, bench.good_snapshot, cwd=place)
            bench.tally.expect((got.code, got.out, got.err) == (want.code, want.out, want.err) and got.out,
                               "%s %s" % (args[0], output), got)
    done = bench.programs.pgskew("pack", "-o", place / "h.db", bench.good_snapshot)
    bench.tally.expect(done.code == 0, "a history", done)
    for args in (("pack", "-o-", bench.good_snapshot), ("export", "-f", "snapshot", "-o", "-", place / "h.db")):
        got = bench.programs.pgskew(*args, cwd=place)
        bench.tally.expect(got.code == USAGE and not got.out and got.err.count("\n") == 1 and " -o " in got.err,
                           "%s is no text" % args[0], got)
    want = bench.programs.pgskew("export", place / "h.db")
    got = bench.programs.pgskew("export", "-o", "-", place / "h.db", cwd=place)
    bench.tally.expect((got.code, got.out) == (0, want.out), "a long CSV is text", got)
    left = [path.name for path in place.iterdir()]
    bench.tally.expect(left == ["h.db"], "no file is made", left)
    named = bench.programs.pgskew("list", "-o", "./-", bench.good_snapshot, cwd=place)
    bench.tally.expect(named.code == 0 and not named.out and (place / "-").exists(), "./- is a file", named)


def check_unreachable(bench):
    programs, tally = bench.programs, bench.tally
    secret = "hunter2SECRET"
    for what, args, env, code in [
        ("unreachable server", ("-d", "host=127.0.0.1 port=1 dbname=x"), {}, (UNAVAILABLE,)),
        ("unreachable socket", ("-d", "host=/nonexistent dbname=x"), {}, (UNAVAILABLE,)),
        ("asyncpg URI", ("-d", "postgresql+asyncpg://user:%s@127.0.0.1:1/x" % secret), {}, (UNAVAILABLE,)),
        ("--db-url", ("--db-url", "postgresql+asyncpg://user:%s@127.0.0.1:1/x" % secret), {},
         (UNAVAILABLE,)),
        ("DATABASE_URL", (), {"DATABASE_URL": "postgresql+asyncpg://user:%s@127.0.0.1:1/x" % secret},
         (UNAVAILABLE,)),
        ("postgres URI", ("-d", "postgres://user:%s@127.0.0.1:1/x" % secret), {}, (UNAVAILABLE,)),
        ("encoded secret", ("-d", "postgresql://user:%68unter2SECRET@127.0.0.1:1/x"), {}, (UNAVAILABLE,)),
        ("password as a parameter", ("-d", "postgresql://127.0.0.1:1/x?password=" + secret), {},
         (UNAVAILABLE,)),
        ("password in a conninfo", ("-d", "host=127.0.0.1 port=1 password='%s'" % secret), {},
         (UNAVAILABLE,)),
        ("malformed conninfo", ("-d", "host=127.0.0.1 password=%s oops" % secret), {}, (USAGE,)),
        ("unclosed quote in a conninfo", ("-d", "host=127.0.0.1 password='%s" % secret), {}, (USAGE,)),
        ("unknown conninfo keyword", ("-d", "host=127.0.0.1 passwort=" + secret), {}, (USAGE,)),
        ("malformed port", ("-d", "postgresql://user:%s@127.0.0.1:port/x" % secret), {},
         (USAGE, UNAVAILABLE)),
        ("malformed URI", ("-d", "postgresql://user:%s@[::1/x" % secret), {}, (USAGE,)),
        ("bad percent code", ("-d", "postgresql://user:%s%%zz@127.0.0.1:1/x" % secret), {}, (USAGE,)),
        ("another scheme", ("-d", "mysql://user:%s@127.0.0.1:1/x" % secret), {}, (USAGE, UNAVAILABLE)),
        ("PGPASSWORD", ("-d", "host=127.0.0.1 port=1"), {"PGPASSWORD": secret}, (UNAVAILABLE,)),
    ]:
        for command in ("snapshot", "refresh"):
            outdir = bench.fresh("out")
            output = ("-o", outdir) if command == "snapshot" else ()
            got = programs.collect(command, *args, *output, env=env)
            name = "%s: %s" % (command, what)
            tally.expect(got.code in code, "%s: exit %s" % (name, " or ".join(map(str, code))), got)
            tally.expect(secret not in got.err and secret.encode() not in got.out and
                         "unter2" not in got.err, name + ": keeps the secret", got)
            errors = [line for line in got.err.splitlines() if "warning" not in line.lower()]
            tally.expect(len(errors) == 1 and got.err.endswith("\n"), name + ": one sentence", got)
            tally.expect(not list(outdir.iterdir()), name + ": leaves nothing")


# ---- choosing a snapshot ----

def check_choice(bench):
    programs, tally = bench.programs, bench.tally
    bench.read_fails("an empty directory", bench.fresh("empty"), NO_INPUT)

    mixed = bench.fresh("mixed")
    programs.collect("import", "--taken-at", TAKEN, "-o", mixed, bench.good_export)
    for name, content in (("README.txt", b"hello\n"), ("other.db", b"not ours\n" * 9)):
        (mixed / name).write_bytes(content)
    (mixed / "folder").mkdir()
    want = programs.pgskew("full", "-f", "json", next(mixed.glob("*Z.db")))
    got = programs.pgskew("full", "-f", "json", mixed)
    tally.expect(got.code == 0 and got.out == want.out, "foreign files in a directory are skipped", got)
    tally.expect(got.err.count("\n") == 1, "which is said once", got)
    got = programs.pgskew("full", "-f", "json", cwd=mixed)
    tally.expect(got.code == 0 and got.out == want.out, "the default PATH is .", got)
    got = programs.pgskew("full", "-f", "json", env={"PGSKEW_PATH": str(mixed)}, cwd="/")
    tally.expect(got.code == 0 and got.out == want.out, "PGSKEW_PATH", got)

    only_foreign = bench.fresh("foreign")
    (only_foreign / "a.txt").write_bytes(b"x")
    bench.read_fails("a directory without snapshots", only_foreign, NO_INPUT)

    two = bench.fresh("two")
    for table in ("public.alpha", "public.beta"):
        got = programs.collect("import", "--table", table, "--taken-at", TAKEN, "-o", two, bench.good_export)
        tally.expect(got.code == 0, "import --table " + table, got)
    bench.read_fails("two series in one directory", two, USAGE, "public.alpha", "public.beta")
    got = programs.pgskew("statistics", "-f", "json", "--table", "public.alpha", two)
    tally.expect(got.code == 0, "--table picks one series", got)
    bench.read_fails("--table that is not there", two, NO_INPUT, "gamma",
                     command=("statistics", "--table", "public.gamma"))

    times = bench.fresh("times")
    moments = ("2025-10-20T10:15:00Z", "2025-10-20T11:15:00.25Z", "2025-10-21T00:00:00Z")
    for moment in moments:
        programs.collect("import", "--taken-at", moment, "-o", times, bench.good_export)
    bench.read_fails("--at before the first snapshot", times, NO_INPUT, "2025-10-20",
                     command=("statistics", "--at", "2025-10-20T10:14:59.999999Z"))
    for at, want_time in (("2025-10-20T10:15:00Z", "2025-10-20T10:15:00Z"),
                          ("2025-10-20 11:15:00+00", "2025-10-20T10:15:00Z"),
                          ("2025-10-20T11:15:00.25+00:00", "2025-10-20T11:15:00.250000Z"),
                          ("2030-01-01T00:00:00Z", "2025-10-21T00:00:00Z"), (None, "2025-10-21T00:00:00Z")):
        got = programs.pgskew("health", "-f", "json", *(("--at", at) if at else ()), times)
        found = got.code == 0 and parse_json(got.out.decode()).get("timestamp")
        tally.expect(found == want_time, "--at %s" % at, "%s: %s" % (found, got))


def check_failed_health(bench):
    """A failed `health -f json` prints the guide's object with status "failed"."""
    path = bench.fresh("cut") / "cut.db"
    path.write_bytes(bench.good_snapshot.read_bytes()[:5000])
    got = bench.programs.pgskew("health", "-f", "json", path)
    bench.fails("failed health", got, DATA, "cut.db")
    try:
        body = parse_json(got.out.decode())
    except ValueError as error:
        bench.tally.expect(False, "failed health is JSON", error)
        return
    bench.tally.expect(body.keys() == ["status", "timestamp", "alerts", "metrics", "error"],
                       "failed health keys", body)
    bench.tally.expect(body.get("status") == "failed" and body.get("alerts") == [] and
                       body.get("metrics") == [] and isinstance(body.get("error"), str),
                       "failed health body", body)


def check_verdicts(bench):
    """--fail-on: 1 or 2 for the verdict, 0 otherwise; without it always 0."""
    cases = bench.good_export.parent
    for case, warning, critical in (("p100-healthy", 0, 0), ("p100-warning-only", 1, 0),
                                    ("p3-half-exact", 2, 2)):
        path = bench.fresh("verdict") / "x.db"
        bench.programs.collect("import", "--taken-at", TAKEN, "-o", path, cases / case)
        for option, want in (("warning", warning), ("critical", critical)):
            got = bench.programs.pgskew("health", "--fail-on", option, path)
            bench.tally.expect(got.code == want and got.out, "%s --fail-on %s: exit %d" %
                               (case, option, want), got)
        got = bench.programs.pgskew("health", path)
        bench.tally.expect(got.code == 0, case + " without --fail-on: exit 0", got)
    got = bench.programs.pgskew("health", "--fail-on", "warning", bench.scratch / "absent.db")
    bench.tally.expect(got.code == NO_INPUT, "a failure is no verdict", got)


# ---- what a tired user does ----

def check_own_snapshot_as_output(bench):
    outdir = bench.fresh("out")
    snapshot = outdir / "x.db"
    snapshot.write_bytes(bench.good_snapshot.read_bytes())
    for path in (bench.good_snapshot, snapshot, bench.scratch / "absent.db"):
        got = bench.programs.pgskew("health", "-f", "json", "-o", snapshot, path)
        bench.fails("an answer onto a snapshot", got, CANT_CREATE, "x.db")
    bench.tally.expect(snapshot.read_bytes() == bench.good_snapshot.read_bytes(),
                       "a snapshot is not overwritten by an answer")


def check_destination_before_source(bench):
    """The server is never asked where the answer could not be kept (this one is not even there)."""
    (bench.scratch / "plain").write_bytes(b"")
    for what, out in [("a directory that is not there", bench.scratch / "none" / "x.db"),
                      ("a file for a directory", bench.scratch / "plain" / "x.db"),
                      ("a name that no file can have", bench.scratch / ("n" * 300 + "x.db"))]:
        got = bench.programs.collect("snapshot", "-d", "host=/nonexistent", "-o", out)
        bench.fails("snapshot into " + what, got, CANT_CREATE, "x.db")


def check_misplaced_secrets(bench):
    uri, secret = "postgresql://u:hunter2SECRET@127.0.0.1:1/db", "hunter2SECRET"
    out = bench.scratch / "never.db"
    for what, got, code in [
        ("a URI as path", bench.programs.pgskew("health", uri), NO_INPUT),
        ("a URI as path, json", bench.programs.pgskew("health", "-f", "json", uri), NO_INPUT),
        ("a URI as table", bench.programs.pgskew("health", "--table", uri, bench.good_snapshot.parent),
         NO_INPUT),
        ("a URI as directory", bench.programs.collect("import", "--taken-at", TAKEN, "-o", out, uri),
         NO_INPUT),
        ("a URI as number", bench.programs.collect("snapshot", "--lock-timeout", uri, "-o", out), USAGE),
        ("a URI that lacks a slash", bench.programs.collect(
            "snapshot", "-d", uri.replace("//", "/"), "-o", out), USAGE),
    ]:
        bench.fails(what, got, code, secret=secret)


def check_readme(bench):
    """The lines that README.md gives to CI jobs do what it says they do."""
    root = pathlib.Path(__file__).resolve().parents[2]
    block = (root / "README.md").read_text().split("## In CI")[1].split("```sh\n")[1].split("```")[0]
    there = bench.fresh("ci")
    (there / "fixtures").symlink_to(root / "fixtures")
    environment = dict(os.environ, PATH="%s:%s" % (bench.programs.directory, os.environ["PATH"]))
    codes = [subprocess.run(["sh", "-c", line], cwd=there, env=environment, capture_output=True).returncode
             for line in block.splitlines()]
    bench.tally.expect(codes == [0, 0, 2], "README's lines for CI", codes)


if __name__ == "__main__":
    sys.exit(run_checks(__doc__, (
        check_usage, check_stdout, check_unreachable, check_choice, check_failed_health, check_verdicts,
        check_own_snapshot_as_output, check_destination_before_source, check_misplaced_secrets,
        check_readme)))
