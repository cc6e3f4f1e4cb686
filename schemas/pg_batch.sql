-- Before each batch of leaves. What is set here ends with the savepoint, and so do the locks:
-- after a batch the collector rolls back to it and holds nothing. Index scans are off because
-- every row is wanted anyway and idx_tup_fetch shall not grow.
SAVEPOINT pgskew;
SET LOCAL lock_timeout = {{lock_timeout}};
SET LOCAL statement_timeout = {{statement_timeout}};
SET LOCAL work_mem = '64MB';
SET LOCAL enable_indexscan = {{index_scans}};
SET LOCAL enable_indexonlyscan = {{index_scans}};
SET LOCAL enable_bitmapscan = {{index_scans}};
SET LOCAL max_parallel_workers_per_gather = {{parallel_workers}}
