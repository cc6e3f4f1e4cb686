#!/usr/bin/env python3
"""check --baseline: tables that are alike never fail, what is new does, whatever the file holds.

    check_gate_baseline.py --bin DIR --fixtures DIR
"""
import json
import random
import sys

sys.dont_write_bytecode = True
from gate import run_gate  # noqa: E402
from validate import complaint, load_schema  # noqa: E402

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def accept(gate, snapshot):
    path = gate.fresh("baseline") / "accepted.json"
    gate.check("a baseline is written", "--write-baseline", path, snapshot, code=OK, says=("nothing new",))
    return path


def compare(gate, what, baseline, counts, code, says=(), *args, **more):
    return gate.check(what, "--baseline", baseline, *args, gate.snapshot(counts, **more), code=code, says=says)


def drawn(rng, weights, rows):
    counts = [0] * len(weights)
    for p in rng.choices(range(len(weights)), weights, k=rows):
        counts[p] += 1
    return counts


# ---- alike ----

def check_same(gate):
    """Every fixture and every recorded case against itself: nothing is new, however uneven it is."""
    paths = sorted(gate.fixtures.glob("*/snapshot.db"))
    schema = load_schema(gate.fixtures.parent / "schemas" / "baseline.schema.json")
    for case in sorted((gate.fixtures / "reference" / "cases").iterdir()):
        path = gate.fresh("case") / "x.db"
        gate.programs.collect("import", "-q", "--taken-at", "2025-10-20T10:15:00Z", "-o", path, case)
        paths.append(path)
    for path in paths:
        baseline = accept(gate, path)
        gate.tally.expect(complaint(schema, baseline.read_bytes()) is None, "%s: the schema" % path)
        _, line = gate.check("%s against itself" % path, "--baseline", baseline, path, code=OK, says=("nothing new",))
        gate.tally.expect(line[2]["new"]["value"] == "0", "%s: nothing is new" % path, line)
        again = gate.fresh("again") / "accepted.json"
        gate.check("written over itself", "--write-baseline", again, "--baseline", baseline, path, code=OK)
        gate.tally.expect(again.read_bytes() == baseline.read_bytes(), "%s: the same bytes again" % path)


def check_alike(gate):
    """Pairs of one distribution, and tables that grew everywhere alike, are not told apart."""
    rng = random.Random(20261126)
    even, zipf = [1] * 100, [1 / (k + 1) for k in range(100)]
    for what, weights, rows in (("even", even, 100000), ("even, few rows", even, 1000), ("uneven", zipf, 50000),
                                ("ten partitions", [1] * 10, 1000), ("two partitions", [1] * 2, 1000)):
        for i in range(10):
            before = drawn(rng, weights, rows)
            baseline = accept(gate, gate.snapshot(before))
            compare(gate, what + ", loaded alike", baseline, drawn(rng, weights, rows), OK)
            compare(gate, what + ", twice as many", baseline, [2 * count for count in before], OK)
            compare(gate, what + ", a seventh more", baseline, [round(count * 8 / 7) for count in before], OK)
            grown = [a + b for a, b in zip(before, drawn(rng, weights, rows // 4))]
            compare(gate, what + ", a quarter more, by chance", baseline, grown, OK)


# ---- new ----

def check_growth(gate):
    """A fifth more in one of 100 partitions of 1,000 rows is caught, although a skew of 0.2 is no WARNING."""
    rng = random.Random(1)
    for what, before in (("all equal", [1000] * 100), ("by chance", drawn(rng, [1] * 100, 100000))):
        baseline = accept(gate, gate.snapshot(before))
        for p in (0, 42, before.index(max(before)), before.index(min(before))):
            for factor, says in ((1.2, "chunk share"), (0.8, "chunk share")):
                counts = list(before)
                counts[p] = round(counts[p] * factor)
                plain = gate.programs.pgskew("check", gate.snapshot(counts)).code
                gate.tally.expect(plain == OK, "%s: x%s is OK without a baseline" % (what, factor))
                if (before[p] - 1000) * (counts[p] - 1000) > 0 and abs(counts[p] - 1000) < abs(before[p] - 1000):
                    continue  # towards an even share
                got, line = compare(gate, "%s: partition %d x%s" % (what, p, factor), baseline, counts, WARNING,
                                    ("1 new finding (partition %d)" % p,))
                body = json.loads(gate.programs.pgskew("check", "-f", "json", "--baseline", baseline,
                                                       gate.snapshot(counts)).out)
                found = [f for f in body["metrics"]["check"]["findings"] if f["baseline_state"] == "new"]
                gate.tally.expect(len(found) == 1 and found[0]["rule"] == "share" and says in found[0]["message"],
                                  "and is told", found)


def check_kinds(gate):
    names = ["chunks_part_%02d" % p for p in range(20)]
    hour = [10] * 20
    known = [1000] * 17 + [1400, 1600, 600]
    baseline = accept(gate, gate.snapshot(known, names=names, hour=hour))
    compare(gate, "known findings", baseline, known, OK, (), names=names, hour=hour)
    worse = known[:16] + [1600] + known[17:]
    compare(gate, "a partition becomes UNBALANCED", baseline, worse, CRITICAL,
            ("1 new finding (chunks_part_16); 1 of them critical",), names=names, hour=hour)
    graver = known[:17] + [2000] + known[18:]
    compare(gate, "a WARNING becomes UNBALANCED", baseline, graver, CRITICAL, ("chunks_part_17",), names=names, hour=hour)
    compare(gate, "a share that moved towards an even one", baseline, known[:18] + [1200, 600], OK,
            ("1 share nearer to even",), names=names, hour=hour)
    compare(gate, "a handful of rows over a threshold", baseline, known[:18] + [1605, 600], OK, (), names=names, hour=hour)
    hot = [10] * 19 + [1000]
    compare(gate, "a hot partition", baseline, known, WARNING, ("chunks_part_19",), names=names, hour=hot)
    accepted = accept(gate, gate.snapshot(known, names=names, hour=hot))
    compare(gate, "a hot partition that is known", accepted, known, OK, (), names=names, hour=hot)
    renamed = names[:16] + ["another"] + names[17:]
    compare(gate, "another partition at the same place, as full as it was", baseline, known, OK, (), names=renamed, hour=hour)
    compare(gate, "another partition that is UNBALANCED", baseline, worse, CRITICAL, ("another",), names=renamed, hour=hour)
    compare(gate, "presets are off", baseline, known, OK, (), "-w", "staleness=10h", names=names, hour=hour)
    compare(gate, "unless somebody asks", baseline, known, CRITICAL, ("largest skew",), "-c", "skew=0.5", names=names, hour=hour)
    compare(gate, "how many may be new", baseline, known, OK, (), "-w", "new=1", names=names, hour=hot)
    got, _ = gate.check("an older fixture", "--baseline", baseline,
                        gate.snapshot(known, names=names, hour=hour, taken="2024-01-01T00:00:00Z"), code=OK)
    near = accept(gate, gate.snapshot([1000] * 99 + [1299]))
    compare(gate, "over 0.3 by chance", near, [1000] * 99 + [1310], OK, ("1 change within chance",))
    blind = accept(gate, gate.snapshot([0] * 10))
    compare(gate, "a table that was empty, filled alike", blind, [1000] * 10, OK)
    compare(gate, "and unevenly", blind, [1000] * 9 + [3000], CRITICAL)
    stray = gate.snapshot(known, names=names)
    before = accept(gate, stray)
    gate.spoil(stray, "INSERT INTO stray(snapshot_id, partition_name, chunk_count) SELECT snapshot_id, 'chunks_default', 0 FROM snapshot",
               "UPDATE snapshot SET stray_chunks = 0")
    gate.check("a stray relation", "--baseline", before, stray, code=WARNING, says=("chunks_default",))
    gate.check("that is known", "--baseline", accept(gate, stray), stray, code=OK)


# ---- hostile files ----

def check_files(gate):
    snapshot = gate.snapshot([1000, 1100, 900])
    good = json.loads(accept(gate, snapshot).read_text())
    part = good["partitions"][0]

    def refuse(what, content, *says):
        path = gate.fresh("bad") / "b.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        got, _ = gate.check("baseline: " + what, "--baseline", path, snapshot, code=UNKNOWN, says=says + ("b.json",))
        gate.tally.expect(got.err == "", "and nothing on stderr", got)

    refuse("empty", b"")
    refuse("no JSON", b"{")
    refuse("an array", [])
    refuse("another document", {"status": "success"})
    refuse("a newer version", dict(good, version=2), "version 2")
    refuse("no version", {k: v for k, v in good.items() if k != "version"})
    refuse("no table", dict(good, table=None))
    refuse("no time", dict(good, taken_at="yesterday"))
    refuse("partitions that are none", dict(good, partitions=7))
    refuse("a partition that is none", dict(good, partitions=[7]))
    refuse("a number twice", dict(good, partitions=[part, part]))
    refuse("a negative count", dict(good, partitions=[dict(part, chunk_count=-1)]))
    refuse("half a row", dict(good, partitions=[dict(part, chunk_count=1.5)]))
    refuse("too many rows", dict(good, partitions=[dict(part, chunk_count=2 ** 60)]))
    refuse("text for a number", dict(good, partitions=[dict(part, chunk_count="7")]))
    refuse("a percentage above 100", dict(good, partitions=[dict(part, hour_percentage=101)]))
    refuse("unmeasured and yet known", dict(good, partitions=[dict(part, measured=0)]))
    refuse("a stray without a name", dict(good, strays=[7]))
    refuse("not UTF-8", json.dumps(good).encode().replace(b"public.chunks", b"public.\xff"))
    refuse("a NUL", json.dumps(good).encode() + b"\0")
    refuse("more after it", json.dumps(good).encode() + b"{}")
    refuse("deep", b"[" * 100000)
    refuse("infinite", json.dumps(good).encode().replace(b'"chunk_count": 1000', b'"chunk_count": 1e999'))
    got, _ = gate.check("a directory", "--baseline", gate.scratch, snapshot, code=UNKNOWN)
    other = accept(gate, gate.snapshot([10, 10], table="public.other"))
    gate.check("of another table", "--baseline", other, snapshot, code=UNKNOWN, says=("public.other", "public.chunks"))
    extra = gate.fresh("extra") / "b.json"
    extra.write_text(json.dumps(dict(good, note="more to come", partitions=[dict(p, more=[1]) for p in good["partitions"]])))
    gate.check("keys of later versions are passed over", "--baseline", extra, snapshot, code=OK)
    hostile = ["<script>", "a|b", "two\nlines", "\x1b[31m"]
    path = accept(gate, gate.snapshot([10, 10, 10, 10], names=hostile))
    gate.tally.expect([p["partition"] for p in json.loads(path.read_text())["partitions"]] == hostile, "names are kept")
    gate.check("hostile names are the same names", "--baseline", path, gate.snapshot([10, 10, 10, 10], names=hostile), code=OK)
    target = gate.fresh("target") / "b.json"
    target.write_text("old")
    gate.check("a failure leaves the old baseline", "--write-baseline", target, "absent.db", code=UNKNOWN)
    gate.tally.expect(target.read_text() == "old", "a failure leaves the old baseline")


if __name__ == "__main__":
    sys.exit(run_gate(__doc__, (check_same, check_alike, check_growth, check_kinds, check_files)))
