"""SQLite as a peer: sqlite_peer.py FILE.db, written by `bench_generate rows`."""
import pathlib
import sqlite3
import sys

from serving import serve

SQL = pathlib.Path(__file__).with_name("sqlite.sql").read_text()


def main(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def run():
        db.executescript("".join(f"DROP TABLE IF EXISTS temp.{t};"
                                 for t in ("totals", "moments", "partitions")) + SQL)

    def table(name, key):
        rows = db.execute(f"SELECT * FROM temp.{name} ORDER BY {key}")
        return [column[0] for column in rows.description], rows

    serve(run, lambda: {"moments": table("moments", "taken_at"),
                        "partitions": table("partitions", "partition_num")})


main(sys.argv[1])
