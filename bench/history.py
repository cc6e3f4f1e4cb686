"""The work W over whole histories, end to end: pgskew and, with --peers, everybody else.

    history.py BINDIR [--peers] [--sizes 100,1000,10000] [--rounds 11] [--json FILE]

W, for one year of hourly moments: per moment the total, mean and standard deviation of the chunks,
the largest chunk and size skew, and how many partitions are WARNING and UNBALANCED by either; per
partition the last count, and slope and R2 of count and of share. For each size the generated year
goes into a history, all results are compared first, then everybody runs in turn. Ends with 1 where
something promised does not hold.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
PEERS = HERE / "peers"
sys.path.insert(0, str(PEERS))
from compare import compare  # noqa: E402
from contenders import Launched, Postgres, Scan, Served, race, run_to_exit, system_python  # noqa: E402

MOMENTS, METRICS = 8760, 5
SERIES = ["--table", "public.chunks", "--source", "import"]
ROW_STORES_UP_TO = 1000  # partitions; beyond, one round of theirs takes minutes
SNAPSHOTS_UP_TO = 100  # partitions; beyond, the files take gigabytes
OURS, FLOOR, TABLE, PARQUET = "pgskew", "bare sum", "DuckDB table", "DuckDB Parquet"
# At least so many times faster than these.
FASTER = {100: {TABLE: 12}, 1000: {TABLE: 24}, 10000: {TABLE: 35, PARQUET: 45}}
# At most so much of these, for 10,000 partitions.
SUMS, PEAK_MIB, OF_ROWS = 2.9, 40, 0.26
TREND_SCANS, TREND_S, TREND_MIB = 3, 5, 500  # `trend`: so many scans and seconds, and MiB
PER_FILE_S = 1e-3  # to pack one snapshot file of 100 partitions
AT_S, AT = 20e-3, "2025-07-28T03:00:00Z"  # `health --at`, of 10,000 partitions in the middle of the year


class Size:
    """One size of history: its files, its contenders and what was found."""

    def __init__(self, bench, n_parts):
        self.bench, self.n_parts = bench, n_parts
        self.dir = bench.dir / str(n_parts)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.history = self.dir / "history.db"
        self.facts = {"partitions": n_parts, "rows": n_parts * MOMENTS}

    def generate(self, form, *where):
        run_to_exit([self.bench.bin / "bench_generate", form, *where, self.n_parts, MOMENTS])

    def once(self, name, make):
        """The path of something that is made only if it is not there, and then completely."""
        path = self.dir / name
        if not path.exists():
            part = self.dir / (name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            part.unlink(missing_ok=True)
            make(part)
            part.rename(path)
        return path

    # ---- what has to be there ----

    def pack(self):
        """The history, through the library; its last moments are appended one by one."""
        self.history.unlink(missing_ok=True)
        said = subprocess.run([str(self.bench.bin / "bench_pack"), "history", str(self.history),
                               str(self.n_parts)], check=True, stdout=subprocess.PIPE)
        self.facts.update(json.loads(said.stdout))
        self.facts["history_bytes"] = self.history.stat().st_size

    def import_csv(self):
        """The same through the collector, from a CSV that is made while it reads."""
        target = self.dir / "imported.db"
        target.unlink(missing_ok=True)
        began = time.perf_counter()
        source = subprocess.Popen([str(self.bench.bin / "bench_generate"), "csv", str(self.n_parts)],
                                  stdout=subprocess.PIPE)
        subprocess.run([str(self.bench.bin / "pgskew-collect"), "import-history", *SERIES,
                        "-o", str(target), "-"], stdin=source.stdout, check=True,
                       stdout=subprocess.DEVNULL)
        source.stdout.close()
        source.wait()
        self.facts["import_s"] = time.perf_counter() - began
        target.unlink()

    def pack_snapshots(self):
        """`pgskew pack` of as many snapshot files."""
        def make(part):
            part.mkdir()
            run_to_exit([self.bench.bin / "bench_pack", "snapshots", part, self.n_parts])
        files, target = self.once("snapshots", make), self.dir / "packed.db"
        target.unlink(missing_ok=True)
        self.facts["pack_files_s"] = run_to_exit([self.bench.bin / "pgskew", "pack", "-o", target,
                                                  files])
        target.unlink()

    def rows(self):
        """The file of one SQLite row per partition and moment; only its size where it is large."""
        note = self.dir / "rows.bytes"
        if self.n_parts <= ROW_STORES_UP_TO:
            path = self.once("rows.db", lambda part: self.generate("rows", part))
            self.facts["rows_bytes"] = path.stat().st_size
            return path
        if not note.exists():
            path = self.once("rows.db", lambda part: self.generate("rows", part))
            note.write_text(str(path.stat().st_size))
            path.unlink()
        self.facts["rows_bytes"] = int(note.read_text())
        return None

    def raw(self):
        def make(part):
            part.mkdir()
            self.generate("raw", part)
        return self.once("raw", make)

    def duck(self, raw):
        def make(part):
            part.mkdir()
            run_to_exit(["env", f"PGSKEW_BENCH_MODULES={self.bench.modules}", "node",
                         PEERS / "duckdb.js", "load", raw, self.n_parts, part])
        return self.once("duckdb", make)

    # ---- who takes part ----

    def contenders(self):
        raw = self.raw()
        columns = [raw / "chunk_count.i64", raw / "size_bytes.i64"]
        two = str(min(2, os.cpu_count() or 1))
        yield Scan(OURS, self.bench.bin, self.history, two)
        yield Scan("pgskew, 1 thread", self.bench.bin, self.history, "1")
        yield Served(FLOOR, [self.bench.bin / "bare_sum", two, *columns], writes=False)
        if not self.bench.peers:
            return
        duck, env = self.duck(raw), {"PGSKEW_BENCH_MODULES": str(self.bench.modules)}
        self.facts["duckdb_bytes"] = (duck / "history.duckdb").stat().st_size
        self.facts["parquet_bytes"] = (duck / "v1.parquet").stat().st_size
        for name, file, threads, *sql in (
                (TABLE, "history.duckdb", two), (TABLE + ", 1 thread", "history.duckdb", "1"),
                (PARQUET, "v1.parquet", two), (PARQUET + " v2", "v2.parquet", two),
                (TABLE + ", usual SQL", "history.duckdb", two, "duckdb_usual.sql"),
                (PARQUET + ", usual SQL", "v1.parquet", two, "duckdb_usual.sql")):
            yield Served(name, ["node", PEERS / "duckdb.js", "serve", duck / file, threads, *sql],
                         env=env)
        yield self.python("numpy, in memory", "numpy_peer.py", "numpy", raw, self.n_parts)
        if self.n_parts <= ROW_STORES_UP_TO:
            yield from self.row_stores(raw)

    def row_stores(self, raw):
        yield self.python("pandas", "numpy_peer.py", "pandas", raw, self.n_parts)
        yield self.python("SQLite rows", "sqlite_peer.py", self.rows())
        conninfo = os.environ.get("PGSKEW_TEST_PG")
        if not conninfo:
            print("SKIPPED: PostgreSQL, because PGSKEW_TEST_PG is not set")
            return
        source = subprocess.Popen([str(self.bench.bin / "bench_generate"), "csv", str(self.n_parts)],
                                  stdout=subprocess.PIPE)
        subprocess.run([system_python(), str(PEERS / "postgres_peer.py"), "load", conninfo],
                       stdin=source.stdout, check=True)
        yield Postgres("PostgreSQL", [system_python(), PEERS / "postgres_peer.py", "serve", conninfo])

    @staticmethod
    def python(name, script, *args):
        return Served(name, [system_python(), PEERS / script, *args])

    # ---- the race ----

    def check_equal(self, contenders):
        """Everybody's results against the first one's; a difference ends it all."""
        for i, contender in enumerate(contenders):
            directory = self.dir / "results" / str(i)
            directory.mkdir(parents=True, exist_ok=True)
            if not contender.write(directory) or i == 0:
                continue
            said, apart = compare(self.dir / "results" / "0", directory)
            if said:
                raise SystemExit("bench: %s and %s differ:\n%s" %
                                 (contenders[0].name, contender.name, "\n".join(said)))
            self.facts["decimals_apart"] = max(apart, self.facts.get("decimals_apart", 0))
        shutil.rmtree(self.dir / "results")

    def measure(self):
        self.pack()
        self.rows()
        self.import_csv()
        if self.n_parts <= SNAPSHOTS_UP_TO:
            self.pack_snapshots()
        contenders = []
        try:
            for contender in self.contenders():
                contenders.append(contender)
            self.check_equal(contenders)
            race(contenders, self.bench.rounds, seconds_each=30)
        finally:
            for contender in contenders:
                contender.close()
        self.answers()
        self.facts["contenders"] = {
            c.name: {"s": c.median(), "spread": c.spread(), "runs": len(c.times),
                     "peak_kib": c.peak_kib} for c in contenders}

    def time_answer(self, n_runs, *args):
        """How long an answer takes from start to exit, and how much memory."""
        answer = Launched(args[0], self.bench.bin, [self.bench.bin / "pgskew", *args, self.history])
        times = [answer.run() for _ in range(n_runs)]
        answer.close()
        return statistics.median(times), answer.peak_kib

    def answers(self):
        for form in ("table", "json"):
            self.facts[f"at_{form}_s"], _ = self.time_answer(41, "health", "--at", AT, "-f", form)
        self.facts["trend_s"], self.facts["trend_peak_kib"] = self.time_answer(3, "trend", "--threads", "2")

    # ---- what came out ----

    def show(self):
        facts, found = self.facts, self.facts["contenders"]
        ours, values = found[OURS]["s"], facts["rows"] * METRICS
        print(f"\n{self.n_parts} partitions x {MOMENTS} moments, {facts['rows'] / 1e6:.2f} M rows; "
              f"results equal, decimals at most {facts.get('decimals_apart', 0):.0e} apart")
        for name, c in found.items():
            peak = f"{c['peak_kib'] / 1024:7.0f} MiB" if c["peak_kib"] else "          -"
            print(f"  {name:26} {c['s'] * 1e3:10.1f} ms  +-{c['spread'] * 100:3.0f} %  "
                  f"{c['s'] / ours:8.1f} x {c['s'] / facts['rows'] * 1e9:9.2f} ns/row {peak}  "
                  f"n={c['runs']}")
        print(f"  history {facts['history_bytes'] / 1e6:.1f} MB, "
              f"{facts['history_bytes'] / values:.2f} bytes/value, "
              f"{facts['history_bytes'] / facts['rows_bytes']:.3f} of rows "
              f"({facts['rows_bytes'] / 1e6:.1f} MB)"
              + "".join(f", {facts['history_bytes'] / facts[key]:.2f} of {what}" for key, what in
                        (("duckdb_bytes", "DuckDB's"), ("parquet_bytes", "Parquet's"))
                        if key in facts))
        print(f"  packing {facts['pack_s']:.2f} s, {values / facts['pack_s'] / 1e6:.0f} M values/s "
              f"(and {facts['derive_s']:.2f} s for summaries); "
              f"import-history {facts['import_s']:.2f} s, "
              f"{values / facts['import_s'] / 1e6:.1f} M values/s; "
              f"one more moment {statistics.median(facts['append_s']) * 1e3:.1f} ms; "
              f"peak {facts['pack_peak_kib'] / 1024:.0f} MiB")
        print(f"  health --at {facts['at_table_s'] * 1e3:.1f} ms, as JSON {facts['at_json_s'] * 1e3:.1f} ms")
        print(f"  trend {facts['trend_s']:.2f} s, peak {facts['trend_peak_kib'] / 1024:.0f} MiB")
        if "pack_files_s" in facts:
            print(f"  pack of {MOMENTS} snapshot files {facts['pack_files_s']:.2f} s, "
                  f"{facts['pack_files_s'] / MOMENTS * 1e3:.2f} ms each")

    def broken_promises(self):
        facts, found = self.facts, self.facts["contenders"]
        ours = found[OURS]["s"]
        for name, factor in FASTER.get(self.n_parts, {}).items():
            if name in found and found[name]["s"] < factor * ours:
                yield f"{found[name]['s'] / ours:.1f} times faster than {name}, promised {factor}"
        if "pack_files_s" in facts and facts["pack_files_s"] / MOMENTS > PER_FILE_S:
            yield f"{facts['pack_files_s'] / MOMENTS * 1e3:.2f} ms per packed snapshot, promised 1"
        if facts["trend_s"] > TREND_SCANS * ours + TREND_S:
            yield f"trend {facts['trend_s']:.2f} s, promised {TREND_SCANS} scans and {TREND_S} s"
        if facts["trend_peak_kib"] > TREND_MIB * 1024:
            yield f"trend {facts['trend_peak_kib'] / 1024:.0f} MiB, promised {TREND_MIB}"
        if self.n_parts < 10000:
            return
        for form in ("table", "json"):
            if facts[f"at_{form}_s"] > AT_S:
                yield f"health --at as {form} {facts[f'at_{form}_s'] * 1e3:.1f} ms, promised {AT_S * 1e3:.0f}"
        if ours > SUMS * found[FLOOR]["s"]:
            yield f"{ours / found[FLOOR]['s']:.2f} bare sums, promised {SUMS}"
        if found[OURS]["peak_kib"] > PEAK_MIB * 1024:
            yield f"{found[OURS]['peak_kib'] / 1024:.0f} MiB at its peak, promised {PEAK_MIB}"
        if facts["history_bytes"] > OF_ROWS * facts["rows_bytes"]:
            yield (f"{facts['history_bytes'] / facts['rows_bytes']:.3f} of row storage, "
                   f"promised {OF_ROWS}")


class Bench:
    def __init__(self, options):
        self.bin = pathlib.Path(options.bin).resolve()
        self.peers, self.rounds = options.peers, options.rounds
        self.modules = self.bin.parent / "bench" / "modules"
        # What another generator or loader made is another history.
        makers = b"".join((HERE / name).read_bytes() for name in
                          ("generate.c", "bench_generate.c", "peers/duckdb.js"))
        self.dir = self.bin.parent / "bench" / hashlib.sha256(makers).hexdigest()[:12]

    def install(self):
        """DuckDB, into the build directory."""
        self.modules.mkdir(parents=True, exist_ok=True)
        shutil.copy(PEERS / "package.json", self.modules)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"],
                       cwd=self.modules, check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--sizes")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json")
    options = parser.parse_args()
    sizes = options.sizes or ("100,1000,10000" if options.peers else "100,1000")
    bench, broken, facts = Bench(options), [], []
    if options.peers:
        bench.install()
    for n_parts in map(int, sizes.split(",")):
        size = Size(bench, n_parts)
        size.measure()
        size.show()
        facts.append(size.facts)
        broken += [f"{n_parts} partitions: {sentence}" for sentence in size.broken_promises()]
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(facts, indent=1) + "\n")
    print("\n" + "\n".join(broken or ["every promise holds"]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
