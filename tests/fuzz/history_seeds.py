#!/usr/bin/env python3
"""Small histories to begin fuzzing with: a few moments each, with pages of 512 bytes, so that a mutation hits something.

    history_seeds.py --bin DIR -o fixtures/fuzz/history
"""
import argparse
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile

PAGE_BYTES = 512
METRICS = ("chunk_count", "size_bytes", "avg_tokens", "chunks_last_hour", "last_created", "dead_tuples")


def value(rng, metric, below):
    if metric == "avg_tokens":
        return "%.2f" % (rng.randrange(100 * 500) / 100)
    if metric == "last_created":
        return "2026-0%d-01T00:00:00.%06dZ" % (rng.randrange(1, 7), rng.randrange(10 ** 6))
    return str(rng.randrange(below))


def rows(seed, moments, parts, below=10 ** 5, missing=0.0, metrics=METRICS, names=False, change=0):
    """A long CSV; every `change` moments a partition comes and one goes."""
    rng = random.Random(seed)
    yield ",".join(("taken_at", "partition_num") + (("partition_name",) if names else ()) + metrics)
    for t in range(moments):
        first = t // change if change else 0
        for p in range(first, first + parts):
            cells = ["" if rng.random() < missing else value(rng, metric, below) for metric in metrics]
            yield ",".join(["2026-07-%02dT%02d:00:00Z" % (1 + t // 24, t % 24), str(p)] +
                           (["part_%d" % p] if names else []) + cells)


SEEDS = {
    "plain": dict(moments=5, parts=4),
    "holes": dict(moments=6, parts=9, missing=.3),
    "come-and-go": dict(moments=12, parts=5, names=True, change=3),
    "huge": dict(moments=4, parts=3, below=2 ** 51, metrics=("chunk_count", "size_bytes")),
    "long": dict(moments=300, parts=2, metrics=("chunk_count",)),
    "wide": dict(moments=2, parts=300, below=300, metrics=("chunk_count",)),
    "one": dict(moments=1, parts=1, metrics=("chunk_count", "size_bytes")),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("-o", dest="out", required=True)
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    for seed, (name, story) in enumerate(SEEDS.items()):
        with tempfile.TemporaryDirectory() as scratch:
            csv, history = pathlib.Path(scratch) / "in.csv", out / (name + ".db")
            csv.write_text("\n".join(rows(seed, **story)) + "\n")
            history.unlink(missing_ok=True)
            subprocess.run([options.bin + "/pgskew-collect", "import-history", "-q", "-o", history, csv], check=True)
        connection = sqlite3.connect(history)
        connection.execute("PRAGMA page_size = %d" % PAGE_BYTES)
        connection.execute("VACUUM")
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
