"""PostgreSQL as a peer, over one psql that stays.

    postgres_peer.py load CONNINFO      the CSV of `bench_generate csv` on stdin into table history
    postgres_peer.py serve CONNINFO     the work W on it, as serving.py says
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

from serving import serve

SQL = pathlib.Path(__file__).with_name("postgres.sql")
PSQL = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1"]
LOAD = r"""
SET client_min_messages = warning;
DROP TABLE IF EXISTS history;
CREATE TEMP TABLE long(taken_at timestamptz, partition_num integer, chunk_count bigint,
                       document_count bigint, size_bytes bigint, chunks_last_hour bigint,
                       chunks_last_day bigint);
\copy long FROM pstdin (FORMAT csv, HEADER)
CREATE UNLOGGED TABLE history AS
SELECT (extract(epoch FROM taken_at) / 3600)::integer AS hour, partition_num, chunk_count,
       document_count, size_bytes, chunks_last_hour, chunks_last_day FROM long;
CREATE INDEX ON history USING brin (hour);
VACUUM (ANALYZE) history;
"""


def load(conninfo):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(LOAD)
        script.flush()
        subprocess.run([*PSQL, "-d", conninfo, "-f", script.name], check=True)


class Session:
    def __init__(self, conninfo):
        self.psql = subprocess.Popen([*PSQL, "-d", conninfo], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        """The lines that psql prints for a command."""
        self.psql.stdin.write(command + "\n\\echo <done>\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "<done>\n":
                return lines
            lines.append(line)
        raise SystemExit("postgres_peer: psql has ended")

    def table(self, name, key):
        lines = self.ask(f"COPY (SELECT * FROM {name} ORDER BY {key}) TO STDOUT (FORMAT csv, HEADER);")
        header, *rows = csv.reader(lines)
        return header, rows


def main(command, conninfo):
    if command == "load":
        return load(conninfo)
    session = Session(conninfo)
    serve(lambda: session.ask(f"\\i {SQL}"),
          lambda: {"moments": session.table("moments", "taken_at"),
                   "partitions": session.table("partitions", "partition_num")})
    session.psql.stdin.close()
    session.psql.wait()


main(*sys.argv[1:])
