-- A snapshot: all partitions of one table at one moment. Schema version 1.0.
--
-- NULL is "not observed", never 0. Times are UTC as text, "2025-10-20T10:15:00Z", with six
-- decimals only where they are not whole seconds. Derived columns (percentages, skews, MB, kB,
-- statuses) are computed once, by the writer, with PostgreSQL's numeric arithmetic; the views
-- below only select, join and name. A column may be added, none is ever renamed or reused.
--
-- CHECK stands where STRICT would, so that SQLite 3.8 can read the file too. BETWEEN checks the
-- type as well: text and blobs are above every number. 9007199254740992 is 2^53.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE snapshot (
    snapshot_id       INTEGER PRIMARY KEY,
    taken_at          TEXT    NOT NULL,
    taken_at_us       INTEGER NOT NULL CHECK (taken_at_us BETWEEN 0 AND 9007199254740992),
    system_identifier TEXT,
    "database"        TEXT,
    table_name        TEXT    NOT NULL,
    table_relid       INTEGER          CHECK (table_relid BETWEEN 0 AND 9007199254740992),
    source            TEXT    NOT NULL,
    server_version    TEXT,
    in_recovery       INTEGER          CHECK (in_recovery IN (0, 1)),
    stats_reset       TEXT,
    partition_count   INTEGER NOT NULL CHECK (partition_count BETWEEN 0 AND 9007199254740992),
    counts            TEXT    NOT NULL CHECK (counts IN ('exact', 'estimate')),
    stray_chunks      INTEGER          CHECK (stray_chunks BETWEEN 0 AND 9007199254740992),
    stray_bytes       INTEGER          CHECK (stray_bytes BETWEEN 0 AND 9007199254740992),
    stray_last_hour   INTEGER          CHECK (stray_last_hour BETWEEN 0 AND 9007199254740992),
    stray_last_day    INTEGER          CHECK (stray_last_day BETWEEN 0 AND 9007199254740992),
    stray_last_week   INTEGER          CHECK (stray_last_week BETWEEN 0 AND 9007199254740992),
    collect_ms        REAL             CHECK (collect_ms BETWEEN 0 AND 1e300),
    notes             TEXT,
    -- derived: population variance of count/expected to 4 decimals, status before rounding
    distribution_variance        REAL  CHECK (distribution_variance BETWEEN 0 AND 1e300),
    distribution_variance_status TEXT
        CHECK (distribution_variance_status IN ('NORMAL', 'WARNING', 'CRITICAL'))
);

CREATE TABLE partition_stat (
    snapshot_id       INTEGER NOT NULL REFERENCES snapshot,
    partition_num     INTEGER NOT NULL CHECK (partition_num BETWEEN 0 AND 9007199254740992),
    partition_name    TEXT,
    relid             INTEGER CHECK (relid BETWEEN 0 AND 9007199254740992),
    relfilenode       INTEGER CHECK (relfilenode BETWEEN 0 AND 9007199254740992),
    bounds            TEXT,
    measured          INTEGER NOT NULL CHECK (measured IN (0, 1)),
    chunk_count       INTEGER CHECK (chunk_count BETWEEN 0 AND 9007199254740992),
    document_count    INTEGER CHECK (document_count BETWEEN 0 AND 9007199254740992),
    collection_count  INTEGER CHECK (collection_count BETWEEN 0 AND 9007199254740992),
    avg_tokens        REAL    CHECK (avg_tokens BETWEEN 0 AND 1e300),
    size_bytes        INTEGER CHECK (size_bytes BETWEEN 0 AND 9007199254740992),
    table_bytes       INTEGER CHECK (table_bytes BETWEEN 0 AND 9007199254740992),
    index_bytes       INTEGER CHECK (index_bytes BETWEEN 0 AND 9007199254740992),
    toast_bytes       INTEGER CHECK (toast_bytes BETWEEN 0 AND 9007199254740992),
    row_estimate      INTEGER CHECK (row_estimate BETWEEN 0 AND 9007199254740992),
    chunks_last_hour  INTEGER CHECK (chunks_last_hour BETWEEN 0 AND 9007199254740992),
    chunks_last_day   INTEGER CHECK (chunks_last_day BETWEEN 0 AND 9007199254740992),
    chunks_last_week  INTEGER CHECK (chunks_last_week BETWEEN 0 AND 9007199254740992),
    oldest_created_at TEXT,
    last_created_at   TEXT,
    live_tuples       INTEGER CHECK (live_tuples BETWEEN 0 AND 9007199254740992),
    dead_tuples       INTEGER CHECK (dead_tuples BETWEEN 0 AND 9007199254740992),
    tuples_inserted   INTEGER CHECK (tuples_inserted BETWEEN 0 AND 9007199254740992),
    tuples_updated    INTEGER CHECK (tuples_updated BETWEEN 0 AND 9007199254740992),
    tuples_deleted    INTEGER CHECK (tuples_deleted BETWEEN 0 AND 9007199254740992),
    last_vacuum       TEXT,
    last_autovacuum   TEXT,
    last_analyze      TEXT,
    chunk_percentage  REAL    CHECK (chunk_percentage BETWEEN 0 AND 100),
    size_percentage   REAL    CHECK (size_percentage BETWEEN 0 AND 100),
    hour_percentage   REAL    CHECK (hour_percentage BETWEEN 0 AND 100),
    day_percentage    REAL    CHECK (day_percentage BETWEEN 0 AND 100),
    week_percentage   REAL    CHECK (week_percentage BETWEEN 0 AND 100),
    chunk_skew        REAL    CHECK (chunk_skew BETWEEN 0 AND 1e300),
    size_skew         REAL    CHECK (size_skew BETWEEN 0 AND 1e300),
    total_size_mb     REAL    CHECK (total_size_mb BETWEEN 0 AND 1e300),
    avg_chunk_size_kb REAL    CHECK (avg_chunk_size_kb BETWEEN 0 AND 1e300),
    health_status     TEXT    CHECK (health_status IN ('HEALTHY', 'WARNING', 'UNBALANCED')),
    PRIMARY KEY (snapshot_id, partition_num)
) WITHOUT ROWID;

-- What analyze_partition_skew() says of the whole table.
CREATE TABLE skew_metric (
    snapshot_id INTEGER NOT NULL REFERENCES snapshot,
    position    INTEGER NOT NULL,
    metric      TEXT NOT NULL,
    value       REAL CHECK (value BETWEEN 0 AND 1e300),
    status      TEXT CHECK (status IN ('NORMAL', 'WARNING', 'CRITICAL')),
    details     TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, position)
) WITHOUT ROWID;

-- Leaves outside the numbered partitions, for example the default partition.
CREATE TABLE stray (
    snapshot_id    INTEGER NOT NULL REFERENCES snapshot,
    partition_name TEXT    NOT NULL,
    chunk_count    INTEGER CHECK (chunk_count BETWEEN 0 AND 9007199254740992),
    size_bytes     INTEGER CHECK (size_bytes BETWEEN 0 AND 9007199254740992),
    PRIMARY KEY (snapshot_id, partition_name)
) WITHOUT ROWID;

CREATE TABLE collection (
    collection_id TEXT PRIMARY KEY NOT NULL,
    name          TEXT
) WITHOUT ROWID;

-- One row per collection and partition; partition_num NULL is all partitions together: there for
-- a collection in several partitions, because its distinct documents are not their sum, and alone
-- where the source did not say which. Add up either kind, never both. avg_tokens is as the source
-- gave it, else NULL: it is token_sum / token_chunk_count.
CREATE TABLE collection_stat (
    snapshot_id       INTEGER NOT NULL REFERENCES snapshot,
    collection_id     TEXT    NOT NULL REFERENCES collection,
    partition_num     INTEGER CHECK (partition_num BETWEEN 0 AND 9007199254740992),
    key_hash          INTEGER CHECK (key_hash BETWEEN -2147483648 AND 2147483647),
    chunk_count       INTEGER CHECK (chunk_count BETWEEN 0 AND 9007199254740992),
    document_count    INTEGER CHECK (document_count BETWEEN 0 AND 9007199254740992),
    token_sum         INTEGER CHECK (token_sum BETWEEN 0 AND 9007199254740992),
    token_chunk_count INTEGER CHECK (token_chunk_count BETWEEN 0 AND 9007199254740992),
    avg_tokens        REAL    CHECK (avg_tokens BETWEEN 0 AND 1e300),
    size_bytes        INTEGER CHECK (size_bytes BETWEEN 0 AND 9007199254740992),
    last_created_at   TEXT,
    UNIQUE (snapshot_id, collection_id, partition_num)
);

-- ---- the guide's views -------------------------------------------------------------------------

-- size_pretty is pg_size_pretty() of PostgreSQL 15: halves are rounded up, units change at 10 kB
-- and then at 20 of the next smaller thousand.
CREATE VIEW partition_size_distribution AS
SELECT partition_num,
       size_bytes,
       CASE
           WHEN size_bytes < 10240 THEN size_bytes || ' bytes'
           WHEN size_bytes / 512 < 20479 THEN ((size_bytes / 512 + 1) / 2) || ' kB'
           WHEN size_bytes / 524288 < 20479 THEN ((size_bytes / 524288 + 1) / 2) || ' MB'
           WHEN size_bytes / 536870912 < 20479 THEN ((size_bytes / 536870912 + 1) / 2) || ' GB'
           WHEN size_bytes / 549755813888 < 20479 THEN ((size_bytes / 549755813888 + 1) / 2) || ' TB'
           ELSE ((size_bytes / 562949953421312 + 1) / 2) || ' PB'
       END AS size_pretty,
       size_percentage,
       row_estimate,
       partition_name,
       table_bytes,
       index_bytes,
       toast_bytes
FROM partition_stat
ORDER BY partition_num;

CREATE VIEW partition_chunk_distribution AS
SELECT partition_num,
       chunk_count,
       document_count,
       collection_count,
       avg_tokens,
       chunk_percentage,
       oldest_created_at AS oldest_chunk_at,
       last_created_at AS newest_chunk_at,
       (taken_at_us - strftime('%s', substr(oldest_created_at, 1, 19)) * 1000000
           - CAST(substr(oldest_created_at, 21, 6) AS INTEGER)) / 1000000.0 AS oldest_age_seconds,
       (taken_at_us - strftime('%s', substr(last_created_at, 1, 19)) * 1000000
           - CAST(substr(last_created_at, 21, 6) AS INTEGER)) / 1000000.0 AS newest_age_seconds
FROM partition_stat
JOIN snapshot USING (snapshot_id)
ORDER BY partition_num;

CREATE VIEW partition_hot_spots AS
SELECT partition_num,
       chunks_last_hour,
       chunks_last_day,
       chunks_last_week,
       hour_percentage,
       day_percentage,
       week_percentage
FROM partition_stat
ORDER BY partition_num;

CREATE VIEW partition_stats AS
SELECT partition_num,
       chunk_count,
       total_size_mb,
       avg_chunk_size_kb,
       last_created_at AS created_at
FROM partition_stat
ORDER BY partition_num;

CREATE VIEW partition_health_summary AS
SELECT partition_num,
       chunk_count,
       (SELECT sum(chunk_count) FROM partition_stat) AS total_chunks,
       chunk_percentage,
       size_percentage,
       health_status,
       chunk_skew,
       size_skew,
       CASE health_status
           WHEN 'UNBALANCED' THEN 'Consider rebalancing affected partitions'
           WHEN 'WARNING' THEN 'Monitor partition growth'
       END AS recommendation
FROM partition_stat
ORDER BY partition_num;

CREATE VIEW analyze_partition_skew AS
SELECT metric, value, status, details FROM skew_metric ORDER BY position;
