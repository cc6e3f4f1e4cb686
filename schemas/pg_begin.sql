-- How every transaction of the collector begins: it can only read, sees one moment, waits for no
-- lock longer than {{lock_timeout}} ms, and gives the same text on every server. pg_temp is named
-- so that it comes last: whatever a pooler's other client left there stands for nothing of the
-- catalog. row_security = off makes a hidden row an error instead of a smaller count. jit costs 100
-- partitions 4x.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL lock_timeout = {{lock_timeout}};
SET LOCAL statement_timeout = {{statement_timeout}};
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL row_security = off;
SET LOCAL jit = off
