"""Who takes part in the race: pgskew as a whole process each time, the peers as ones that stay.

That is in the peers' favour: their start is not timed, their caches stay warm, and the time is the
one they measure themselves around the work W. pgskew is timed from its start to its exit.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent


def system_python():
    """The Python that Debian's packages serve."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable


class Contender:
    def __init__(self, name):
        self.name, self.times, self.peak_kib = name, [], None

    def run(self):
        """Does W once and returns the seconds."""
        raise NotImplementedError

    def write(self, directory):
        """Leaves moments.csv and partitions.csv there; False if it has none."""
        raise NotImplementedError

    def close(self):
        pass

    def median(self):
        return statistics.median(self.times)

    def spread(self):
        """Half of what lies between the quartiles, over the median."""
        if len(self.times) < 4:
            return (max(self.times) - min(self.times)) / 2 / self.median()
        low, _, high = statistics.quantiles(self.times, n=4)
        return (high - low) / 2 / self.median()


def run_to_exit(argv):
    """Seconds from start to exit; what it prints is gone."""
    began = time.perf_counter()
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SystemExit("bench: exit %d: %s" % (done.returncode, " ".join(map(str, argv))))
    return time.perf_counter() - began


class Served(Contender):
    """A peer that stays, and is asked as serving.py says."""

    def __init__(self, name, argv, writes=True, env=None):
        super().__init__(name)
        self.writes = writes
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})})
        self.hear("ready")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self, expected=None):
        line = self.process.stdout.readline().strip()
        if not line or (expected and line != expected):
            raise SystemExit("bench: %s says %r" % (self.name, line))
        return line

    def run(self):
        self.ask("run")
        took = float(self.hear())
        self.peak_kib = self.peak()
        return took

    def peak(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        return None

    def write(self, directory):
        if self.writes:
            self.run()
            self.ask(f"write {directory}")
            self.hear("written")
        return self.writes

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Launched(Served):
    """A program of ours that is started anew for every run."""

    def __init__(self, name, directory, argv):
        super().__init__(name, [directory / "bench_launch", *argv])

    def run(self):
        self.ask("run")
        took, peak_kib = self.hear().split()
        self.peak_kib = max(int(peak_kib), self.peak_kib or 0)
        return float(took)


class Scan(Launched):
    """`pgskew scan --by total`, which does all of W and prints one row."""

    def __init__(self, name, directory, history, threads):
        self.argv = [directory / "pgskew", "scan", "--threads", threads, history]
        super().__init__(name, directory, [*self.argv, "--by", "total"])

    def write(self, directory):
        for table, by in (("moments", "moment"), ("partitions", "partition")):
            run_to_exit([*self.argv, "-f", "csv", "--by", by, "-o", directory / (table + ".csv")])
        return True


class Postgres(Served):
    """Its memory is the server's, which nobody here can see."""

    def peak(self):
        return None


def race(contenders, rounds, seconds_each):
    """In turn, round after round; who has used up its seconds rests once it has run three times."""
    for contender in contenders:
        contender.run()
    for _ in range(rounds):
        for contender in contenders:
            if len(contender.times) < 3 or sum(contender.times) < seconds_each:
                contender.times.append(contender.run())
