-- The leaves of table $1 from the catalog alone, which locks none of them. (pg_partition_tree
-- would lock all.) Partitions that are being detached are no longer seen through the parent. A leaf
-- that was dropped after the moment of the snapshot has no privileges any more: NULL.
-- PostgreSQL 14 and newer.
WITH RECURSIVE tree AS (
    SELECT i.inhrelid, i.inhdetachpending AS detaching
    FROM pg_inherits AS i
    WHERE i.inhparent = $1::oid
    UNION ALL
    SELECT i.inhrelid, i.inhdetachpending
    FROM tree
    JOIN pg_inherits AS i ON i.inhparent = tree.inhrelid
    WHERE NOT tree.detaching
)
SELECT c.oid, c.relname, quote_ident(n.nspname), quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       c.relkind, c.relfilenode, c.relpages,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
       coalesce(has_schema_privilege(n.oid, 'USAGE')
                AND (has_table_privilege(c.oid, 'SELECT')
                     OR has_any_column_privilege(c.oid, 'SELECT')), true)::int,
       pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid),
       pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),
       pg_stat_get_tuples_deleted(c.oid),
       pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid),
       greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid))
FROM tree
JOIN pg_class AS c ON c.oid = tree.inhrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT tree.detaching AND c.relkind <> 'p'
