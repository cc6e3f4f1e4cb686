"""pandas and numpy as peers, on the raw columns of `bench_generate raw`, loaded before.

    numpy_peer.py numpy|pandas RAW_DIR PARTITIONS

`numpy` starts from two matrices in memory, moments by partitions: nothing is read, decoded or looked
up, and no row says which partition it is. `pandas` starts from a frame of rows.
"""
import pathlib
import sys

import numpy as np
import pandas as pd

from serving import serve

HOUR_US = 3600 * 10**6
BLOCK = 16  # moments at a time: what is read once is still in the cache when it is read again


def read(raw, name):
    return np.fromfile(pathlib.Path(raw) / (name + ".i64"), dtype="<i8")


def bounds(n, total):
    """The whole numbers that are healthy, and those that are not unbalanced: first and last."""
    some = total > 0
    return [np.where(some, x, 0) for x in (
        7 * total // (10 * n) + 1, (13 * total + 10 * n - 1) // (10 * n) - 1,
        total // (2 * n) + 1, (3 * total + 2 * n - 1) // (2 * n) - 1)]


def max_skew(n, total, low, high):
    return np.where(total > 0, np.maximum(abs(n * high - total), abs(n * low - total)) /
                    np.maximum(total, 1), 0)


def slope_and_r2(n, x, xx, y, xy, yy):
    sxx, sxy, syy = xx - x * x / n, xy - x * y / n, yy - y * y / n
    return 24 * sxy / sxx, sxy * sxy / (sxx * syy)


def moment_columns(taken_us, n, total, stddev, low, high, counts, size, size_low, size_high,
                   size_counts):
    (healthy, not_unbalanced), (size_healthy, size_not_unbalanced) = counts, size_counts
    times = np.datetime_as_string(taken_us.astype("datetime64[us]"), unit="s")
    return {"taken_at": [str(t) + "Z" for t in times],
            "partition_count": np.broadcast_to(n, total.shape), "total_chunks": total,
            "avg_chunks_per_partition": total / n, "chunk_count_stddev": stddev,
            "max_chunk_skew": max_skew(n, total, low, high),
            "chunk_warning_count": not_unbalanced - healthy,
            "chunk_unbalanced_count": n - not_unbalanced, "total_size_bytes": size,
            "max_size_skew": max_skew(n, size, size_low, size_high),
            "size_warning_count": size_not_unbalanced - size_healthy,
            "size_unbalanced_count": n - size_not_unbalanced}


def partition_columns(number, n, last, count_fit, share_fit):
    return {"partition_num": number, "n": n, "last_chunk_count": last,
            "chunk_slope_per_day": count_fit[0], "chunk_r2": count_fit[1],
            "share_slope_per_day": share_fit[0], "share_r2": share_fit[1]}


class Numpy:
    def __init__(self, raw, parts):
        self.taken_us = read(raw, "taken_us")
        self.count = read(raw, "chunk_count").reshape(-1, parts)
        self.size = read(raw, "size_bytes").reshape(-1, parts)

    def work(self):
        n_times, parts = self.count.shape
        hours = self.taken_us // HOUR_US
        x = (hours - (hours[0] + hours[-1]) // 2).astype(float)
        found = {name: np.empty(n_times, dtype=np.int64) for name in
                 ("t", "low", "high", "st", "slow", "shigh", "h", "u", "sh", "su")}
        stddev = np.empty(n_times)
        y, xy, yy, z, xz, zz = (np.zeros(parts) for _ in range(6))
        for first in range(0, n_times, BLOCK):
            at = slice(first, first + BLOCK)
            for block, names in ((self.count[at], ("t", "low", "high", "h", "u")),
                                 (self.size[at], ("st", "slow", "shigh", "sh", "su"))):
                total, low, high, healthy, not_unbalanced = (found[name][at] for name in names)
                block.sum(axis=1, out=total)
                block.min(axis=1, out=low)
                block.max(axis=1, out=high)
                lo30, hi30, lo50, hi50 = (b[:, None] for b in bounds(parts, total))
                healthy[:] = ((block >= lo30) & (block <= hi30)).sum(axis=1)
                not_unbalanced[:] = ((block >= lo50) & (block <= hi50)).sum(axis=1)
            values = self.count[at].astype(float)
            total = found["t"][at].astype(float)
            shares = values / np.where(total > 0, total, 1)[:, None]
            stddev[at] = values.std(axis=1, ddof=1)
            y += values.sum(axis=0)
            z += shares.sum(axis=0)
            xy += x[at] @ values
            xz += x[at] @ shares
            yy += np.einsum("tp,tp->p", values, values)
            zz += np.einsum("tp,tp->p", shares, shares)
        f, sums = found, (n_times, x.sum(), (x * x).sum())
        self.moments = moment_columns(
            self.taken_us, parts, f["t"], stddev, f["low"], f["high"], (f["h"], f["u"]),
            f["st"], f["slow"], f["shigh"], (f["sh"], f["su"]))
        self.partitions = partition_columns(
            np.arange(parts), np.full(parts, n_times), self.count[-1],
            slope_and_r2(*sums, y, xy, yy), slope_and_r2(*sums, z, xz, zz))


class Pandas:
    def __init__(self, raw, parts):
        taken = read(raw, "taken_us")
        self.rows = pd.DataFrame({
            "taken_at": np.repeat(taken.astype("datetime64[us]").astype("datetime64[ns]"), parts),
            "partition_num": np.tile(np.arange(parts, dtype=np.int32), len(taken)),
            "chunk_count": read(raw, "chunk_count"), "size_bytes": read(raw, "size_bytes")})

    def work(self):
        rows = self.rows
        moment, taken = pd.factorize(rows["taken_at"])
        by_moment = rows.groupby(moment, sort=False)
        count = by_moment["chunk_count"].agg(["count", "sum", "min", "max", "std"])
        size = by_moment["size_bytes"].agg(["sum", "min", "max"])
        n = count["count"].to_numpy()
        within = [self.within(rows[name].to_numpy(), moment, n, total["sum"].to_numpy())
                  for name, total in (("chunk_count", count), ("size_bytes", size))]
        taken_us = taken.to_numpy().astype("datetime64[us]").astype(np.int64)
        self.moments = moment_columns(
            taken_us, n, count["sum"].to_numpy(), count["std"].to_numpy(), count["min"].to_numpy(),
            count["max"].to_numpy(), within[0], size["sum"].to_numpy(), size["min"].to_numpy(),
            size["max"].to_numpy(), within[1])
        self.fit(moment, taken_us, count["sum"].to_numpy())

    @staticmethod
    def within(values, moment, n, total):
        lo30, hi30, lo50, hi50 = (b[moment] for b in bounds(n, total))
        return [np.bincount(moment, weights=inside).astype(np.int64) for inside in (
            (values >= lo30) & (values <= hi30), (values >= lo50) & (values <= hi50))]

    def fit(self, moment, taken_us, total):
        hours = taken_us // HOUR_US
        x = (hours - (hours[0] + hours[-1]) // 2).astype(float)[moment]
        y = self.rows["chunk_count"].to_numpy().astype(float)
        z = y / np.where(total > 0, total, 1)[moment]
        number = self.rows["partition_num"].to_numpy()
        s = pd.DataFrame({"x": x, "xx": x * x, "y": y, "xy": x * y, "yy": y * y, "z": z,
                          "xz": x * z, "zz": z * z}).groupby(number).sum()
        n = np.bincount(number)
        last = self.rows.groupby("partition_num")["chunk_count"].last()
        self.partitions = partition_columns(
            s.index.to_numpy(), n, last.to_numpy(),
            slope_and_r2(n, *(s[c].to_numpy() for c in ("x", "xx", "y", "xy", "yy"))),
            slope_and_r2(n, *(s[c].to_numpy() for c in ("x", "xx", "z", "xz", "zz"))))


def main(kind, raw, parts):
    peer = {"numpy": Numpy, "pandas": Pandas}[kind](raw, int(parts))

    def tables():
        return {name: (list(columns), zip(*(np.asarray(c).tolist() for c in columns.values())))
                for name, columns in (("moments", peer.moments), ("partitions", peer.partitions))}

    serve(peer.work, tables)


main(*sys.argv[1:])
