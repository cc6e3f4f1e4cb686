-- As pg_leaves.sql, for PostgreSQL 13: no partition is ever half detached, and a table that was
-- never analyzed has 0 rows in 0 pages, as an empty one has, so that 0 pages say nothing.
WITH RECURSIVE tree AS (
    SELECT i.inhrelid
    FROM pg_inherits AS i
    WHERE i.inhparent = $1::oid
    UNION ALL
    SELECT i.inhrelid
    FROM tree
    JOIN pg_inherits AS i ON i.inhparent = tree.inhrelid
)
SELECT c.oid, c.relname, quote_ident(n.nspname), quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       c.relkind, c.relfilenode, c.relpages,
       CASE WHEN c.relpages > 0 THEN c.reltuples::bigint END,
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
WHERE c.relkind <> 'p'
