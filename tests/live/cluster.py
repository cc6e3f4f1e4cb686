"""A PostgreSQL of the test's own: made by initdb or pg_basebackup, gone with the test."""
import glob
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_live import Server  # noqa: E402  (puts ../golden on the path)

SETTINGS = "listen_addresses = '127.0.0.1'\nfsync = off\nshared_buffers = 64MB\n"


def programs():
    """Where initdb and its companions are; None: not here."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    named = shutil.which("initdb")
    return pathlib.Path(found[-1] if found else named).parent if found or named else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_server_user(*argv):
    """PostgreSQL does not run as root."""
    return (["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []) + [str(a) for a in argv]


def run(*argv):
    done = subprocess.run(as_server_user(*argv), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError("%s: %s%s" % (argv[0], done.stdout, done.stderr))


class Ground:
    """A directory that belongs to the user servers run as."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="pgskew-"))
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.path, owner.pw_uid, owner.pw_gid)
        self.clusters = []
        return self

    def __exit__(self, *_):
        for cluster in reversed(self.clusters):
            cluster.stop()
        shutil.rmtree(self.path)

    def primary(self, settings=""):
        cluster = Cluster(self, "primary")
        run(cluster.bin / "initdb", "-A", "trust", "-U", "postgres", "-N", "-D", cluster.data)
        return cluster.start(settings)

    def standby(self, primary, settings=""):
        cluster = Cluster(self, "standby")
        run(cluster.bin / "pg_basebackup", "-h", primary.directory, "-p", primary.port, "-U", "postgres",
            "-D", cluster.data, "-R", "-X", "stream", "-c", "fast")
        return cluster.start(settings)


class Cluster:
    def __init__(self, ground, name):
        self.directory, self.data, self.port = ground.path, ground.path / name, free_port()
        self.bin = programs()
        self.server = self.as_role("postgres")
        ground.clusters.append(self)

    def as_role(self, role):
        server = Server("host=%s port=%d user=%s" % (self.directory, self.port, role))
        return server

    def start(self, settings):
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as f:
            f.write(SETTINGS + "port = %d\nunix_socket_directories = '%s'\n%s" % (self.port, self.directory, settings))
        run(self.bin / "pg_ctl", "-w", "-s", "-D", self.data, "-l", str(self.data) + ".log", "start")
        return self

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            run(self.bin / "pg_ctl", "-w", "-s", "-m", "immediate", "-D", self.data, "stop")

    def catch_up(self, primary):
        """Wait until everything that the primary has written is visible here."""
        lsn = primary.server.psql("postgres", sql="SELECT pg_current_wal_flush_lsn()")
        deadline = time.monotonic() + 60
        while self.server.psql("postgres", sql="SELECT pg_last_wal_replay_lsn() >= '%s'" % lsn) != "t":
            if time.monotonic() > deadline:
                raise RuntimeError("the standby does not catch up")
            time.sleep(0.02)
