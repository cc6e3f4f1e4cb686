-- A history: many snapshots of one series in one file. Schema version 1.0. Runs after
-- snapshot_001.sql, whose tables it shares:
--
-- snapshot         one row per moment, snapshot_id 1, 2, ... in the order of time
-- partition_stat   the newest moment only, so that the six views answer for it
-- collection_stat, stray   rows of every moment that has them
-- everything else  in blocks of 256 moments by 256 lanes of one metric (src/store/block.h), and once
--                  more the times and totals of table snapshot, because a block is read much faster
--
-- NULL is "not observed", never 0.

ALTER TABLE snapshot ADD COLUMN total_chunks INTEGER;
ALTER TABLE snapshot ADD COLUMN total_size_bytes INTEGER;
ALTER TABLE snapshot ADD COLUMN chunks_seen INTEGER;       -- partitions whose count was observed
ALTER TABLE snapshot ADD COLUMN sizes_seen INTEGER;
ALTER TABLE snapshot ADD COLUMN chunk_count_stddev REAL;   -- of the sample
ALTER TABLE snapshot ADD COLUMN size_bytes_stddev REAL;
ALTER TABLE snapshot ADD COLUMN chunk_gini REAL;           -- 0..1
ALTER TABLE snapshot ADD COLUMN size_gini REAL;
ALTER TABLE snapshot ADD COLUMN max_chunk_skew REAL;       -- 4 decimals
ALTER TABLE snapshot ADD COLUMN max_size_skew REAL;
ALTER TABLE snapshot ADD COLUMN healthy_count INTEGER;
ALTER TABLE snapshot ADD COLUMN warning_count INTEGER;
ALTER TABLE snapshot ADD COLUMN unbalanced_count INTEGER;
ALTER TABLE snapshot ADD COLUMN unmeasured_count INTEGER;
ALTER TABLE snapshot ADD COLUMN given_metrics INTEGER;     -- bits of derived metrics kept as given
ALTER TABLE snapshot ADD COLUMN content_hash INTEGER;      -- of everything observed at that moment
CREATE UNIQUE INDEX snapshot_time ON snapshot (taken_at_us);

-- A partition gets a lane when it is first seen and keeps it; these are its newest facts.
CREATE TABLE partition (
    lane           INTEGER PRIMARY KEY,
    partition_num  INTEGER NOT NULL,
    partition_name TEXT,
    relid          INTEGER,
    first_moment   INTEGER NOT NULL REFERENCES snapshot,
    last_moment    INTEGER NOT NULL REFERENCES snapshot
);

-- What tiles cannot hold of a partition: a row where something is not as it was before.
CREATE TABLE partition_change (
    lane           INTEGER NOT NULL REFERENCES partition,
    snapshot_id    INTEGER NOT NULL REFERENCES snapshot,
    partition_num  INTEGER NOT NULL,
    partition_name TEXT,
    relid          INTEGER,
    relfilenode    INTEGER,
    bounds         TEXT,
    PRIMARY KEY (lane, snapshot_id)
) WITHOUT ROWID;

-- A collection's name from that moment on, where it is not as it was before.
CREATE TABLE collection_name (
    collection_id  TEXT    NOT NULL REFERENCES collection,
    snapshot_id    INTEGER NOT NULL REFERENCES snapshot,
    name           TEXT,
    PRIMARY KEY (collection_id, snapshot_id)
) WITHOUT ROWID;

-- id = metric << 48 | group of 256 lanes << 24 | group of 256 moments
CREATE TABLE block (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
