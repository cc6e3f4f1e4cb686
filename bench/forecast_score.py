#!/usr/bin/env python3
"""How good are forecasts of a history? Runs `pgskew forecast --at ORIGIN` at origins every 7 days from day 60, and scores
what it says against what came.

    forecast_score.py --pgskew build/pgskew HISTORY.csv[.gz]... [--every 7] [--jobs 2]

HISTORY is a long CSV as `pgskew export` writes it, or a history of which that is made. Needs numpy and pandas. Printed
per horizon: error of load (share over even share) over persistence's; intervals held with their ends included /
strictly inside; origins answered in full; Brier of UNBALANCED over persistence's; AUC of onsets within an origin,
ours and by distance to the threshold; and deciles of probability with 400 cases or more: bias and its standard
error, clustered by origin, "!" beyond 5 points and two standard errors.
"""
import argparse
import concurrent.futures
import io
import json
import pathlib
import subprocess
import tempfile

import numpy
import pandas

HORIZONS = (("1d", 1), ("7d", 7), ("30d", 30))
DAY = 86400
FIELDS = ("chunk_count", "low80", "high80", "low95", "high95", "p_warning", "p_rebalance", "p_unbalanced")


def load(path, pgskew, scratch):
    """(history file, times in seconds, counts by time and partition)."""
    history = pathlib.Path(path)
    if history.suffix == ".db":
        text = io.BytesIO(subprocess.run([pgskew, "export", history], check=True, capture_output=True).stdout)
    else:
        text = path
        frame = pandas.read_csv(path)
        history = pathlib.Path(scratch) / (pathlib.Path(path).name + ".db")
        collect = pathlib.Path(pgskew).with_name("pgskew-collect")
        subprocess.run([collect, "import-history", "--table", "public.chunks", "-o", history, "-"], check=True,
                       input=frame.to_csv(index=False).encode(), capture_output=True)
    frame = pandas.read_csv(text, usecols=["taken_at", "partition_num", "chunk_count"])
    table = frame.pivot(index="taken_at", columns="partition_num", values="chunk_count")
    times = (pandas.to_datetime(table.index) - pandas.Timestamp("1970-01-01T00:00:00Z")) // pandas.Timedelta(seconds=1)
    order = numpy.argsort(times.values)
    return history, times.values[order], table.values[order].astype(float), list(table.columns)


def ask(pgskew, history, at, partitions):
    """Array [horizon, partition, field]; NaN where there is no answer."""
    text = pandas.Timestamp(at, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")
    horizon = ",".join(name for name, _ in HORIZONS)
    done = subprocess.run([pgskew, "forecast", "-f", "json", "--threads", "1", "--horizon", horizon, "--at", text, history],
                          check=True, capture_output=True)
    out = numpy.full((len(HORIZONS), len(partitions), len(FIELDS)), numpy.nan)
    index = {num: i for i, num in enumerate(partitions)}
    for part in json.loads(done.stdout)["metrics"]["forecast"]["partitions"]:
        for h, point in enumerate(part["forecast"]):
            out[h, index[part["partition_num"]]] = [numpy.nan if point[f] is None else point[f] for f in FIELDS]
    return out


def pairs(score, came):
    """Pairs in which what came had the higher score, equal ones half; and how many pairs."""
    rest = numpy.sort(score[~came])
    below, upto = numpy.searchsorted(rest, score[came], "left"), numpy.searchsorted(rest, score[came], "right")
    return ((below + upto) / 2).sum(), came.sum() * len(rest)


class Horizon:
    """Sums over the origins of one horizon."""

    def __init__(self):
        self.asked = self.answered = self.changes = self.onsets = 0
        self.error, self.stay_error, self.brier, self.stay_brier = [], [], [], []
        self.held, self.inside = {80: [], 95: []}, {80: [], 95: []}
        self.auc = numpy.zeros(3)
        self.p, self.came, self.cluster = [], [], []

    def add(self, said, now, then):
        there = ~numpy.isnan(now)
        self.asked += 1
        if numpy.isnan(said[there]).any():
            return
        self.answered += 1
        both = there & ~numpy.isnan(then)
        said, now, then = said[both], now[both], then[both]
        n, total, later = both.sum(), now.sum(), then.sum()
        if total <= 0 or later <= 0:
            return
        count = said[:, 0]
        self.error.append(n * numpy.abs(then / later - count / count.sum()).mean())
        self.stay_error.append(n * numpy.abs(then / later - now / total).mean())
        for k, (low, high) in {80: (1, 2), 95: (3, 4)}.items():
            self.held[k].append(((then >= said[:, low]) & (then <= said[:, high])).mean())
            self.inside[k].append(((then > said[:, low]) & (then < said[:, high])).mean())
        was, came = 2 * numpy.abs(n * now - total) >= total, 2 * numpy.abs(n * then - later) >= later
        p = said[:, 7]
        self.brier.append(((p - came) ** 2).mean())
        self.stay_brier.append((was != came).mean())
        self.changes += (was != came).sum()
        self.onsets += (came & ~was).sum()
        ours, n_pairs = pairs(p[~was], came[~was])
        distance, _ = pairs(numpy.abs(n * now / total - 1)[~was], came[~was])
        self.auc += (ours, distance, n_pairs)
        self.p.append(p), self.came.append(came), self.cluster.append(numpy.full(n, self.asked))

    def deciles(self):
        p, came, cluster = (numpy.concatenate(x) for x in (self.p, self.came, self.cluster))
        for d in range(10):
            chosen = numpy.minimum((p * 10).astype(int), 9) == d
            if chosen.sum() < 400:
                continue
            miss = (p - came)[chosen]
            sums = numpy.bincount(cluster[chosen], miss - miss.mean())
            error = numpy.sqrt((sums ** 2).sum()) / chosen.sum()
            yield "%d:%+.3f+-%.3f%s" % (d, miss.mean(), error, "!" if abs(miss.mean()) > .05 + 2 * error else "")

    def line(self):
        if not self.error:
            return "answered 0 of %d" % self.asked
        auc = self.auc[:2] / self.auc[2] if self.auc[2] else (float("nan"),) * 2
        mean = numpy.mean
        return ("error %.3f  80%% held %.3f inside %.3f  95%% held %.3f inside %.3f  answered %d of %d  Brier %.3f (%d changes)  "
                "AUC %.4f, by distance %.4f (%d onsets)  %s" %
                (mean(self.error) / max(mean(self.stay_error), 1e-300), mean(self.held[80]), mean(self.inside[80]),
                 mean(self.held[95]), mean(self.inside[95]), self.answered, self.asked,
                 mean(self.brier) / mean(self.stay_brier) if self.changes else float("nan"), self.changes, *auc,
                 self.onsets, " ".join(self.deciles())))


def score(name, history, times, counts, partitions, options):
    origins = range(times[0] + 60 * DAY, times[-1] - HORIZONS[0][1] * DAY + 1, options.every * DAY)
    at = lambda t: counts[numpy.searchsorted(times, t, "right") - 1]
    tally = {h: Horizon() for h, _ in HORIZONS}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        said = pool.map(lambda o: ask(options.pgskew, history, o, partitions), origins)
        for origin, one in zip(origins, said):
            for h, (key, days) in enumerate(HORIZONS):
                if origin + days * DAY <= times[-1]:
                    tally[key].add(one[h], at(origin), at(origin + days * DAY))
    for key, _ in HORIZONS:
        print("%-16s %4s  %s" % (name, key, tally[key].line()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", nargs="+")
    parser.add_argument("--pgskew", default="build/pgskew")
    parser.add_argument("--every", type=int, default=7, help="days between origins")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for path in options.histories:
            score(pathlib.Path(path).name.split(".")[0], *load(path, options.pgskew, scratch), options)


if __name__ == "__main__":
    main()
