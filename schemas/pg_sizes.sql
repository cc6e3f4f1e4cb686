-- Sizes and bounds of the leaves $1. Each function locks its leaf for as long as it runs. Together
-- table, indexes and toast are pg_total_relation_size(). A leaf that was dropped meanwhile gives
-- NULLs.
SELECT c.oid,
       pg_relation_size(c.oid),
       pg_relation_size(c.oid, 'main') + pg_relation_size(c.oid, 'fsm')
           + pg_relation_size(c.oid, 'vm') + pg_relation_size(c.oid, 'init'),
       pg_indexes_size(c.oid),
       CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_total_relation_size(c.reltoastrelid) END,
       pg_get_expr(c.relpartbound, c.oid)
FROM pg_class AS c
WHERE c.oid = ANY ($1::oid[])
