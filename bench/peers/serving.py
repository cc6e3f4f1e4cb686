"""How a peer is asked: it says `ready` once its data are loaded, then answers each line of stdin.

`run` does the work W and prints its seconds; `write DIR` leaves what the last run found in
DIR/moments.csv and DIR/partitions.csv and prints `written`.
"""
import csv
import pathlib
import sys
import time


def serve(run, tables):
    """run() does W; tables() gives {name: (header, rows)} of what it found."""
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "run":
            began = time.perf_counter()
            run()
            print(time.perf_counter() - began, flush=True)
        else:
            write(pathlib.Path(line.split(None, 1)[1].strip()), tables())
            print("written", flush=True)


def write(directory, tables):
    for name, (header, rows) in tables.items():
        with open(directory / (name + ".csv"), "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(header)
            writer.writerows(rows)
