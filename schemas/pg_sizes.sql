-- Sizes and bounds of the leaves $1. Each function locks its leaf for as long as it runs. Together
-- table, indexes and toast are pg_total_relation_size(). A leaf that was dropped meanwhile gives
-- NULLs. Last when the leaf was done, in microseconds: one that waited for a lock took long.
SELECT c.oid, main.bytes,
       main.bytes + pg_relation_size(c.oid, 'fsm') + pg_relation_size(c.oid, 'vm')
           + CASE c.relpersistence WHEN 'u' THEN pg_relation_size(c.oid, 'init') ELSE 0 END,
       pg_indexes_size(c.oid),
       CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_total_relation_size(c.reltoastrelid) END,
       pg_get_expr(c.relpartbound, c.oid),
       greatest(0, extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000000)::bigint
FROM pg_class AS c
CROSS JOIN LATERAL (SELECT pg_relation_size(c.oid) OFFSET 0) AS main (bytes)
WHERE c.oid = ANY ($1::oid[])
