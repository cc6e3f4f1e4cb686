
-- The leaves and their numbers, from the catalog alone. Where some are called <table>_part_<digits>, the
-- digits are the number, and other leaves are strays: they count in percentages and have none. Where
-- none is called so, numbers go by the order of names. A foreign leaf is not observed.
CREATE OR REPLACE VIEW {{schema}}.pgskew_leaves AS
SELECT relid, partition_name, is_measured, row_estimate,
       CASE WHEN bool_or(number IS NOT NULL) OVER () THEN number
            ELSE row_number() OVER (ORDER BY partition_name COLLATE "C") - 1 END AS partition_num
FROM (
    SELECT c.oid AS relid,
           CASE WHEN c.relnamespace = root.relnamespace THEN c.relname::text
                ELSE format('%I.%I', n.nspname, c.relname) END AS partition_name,
           c.relkind <> 'f' AS is_measured,
           -- never analyzed is -1 rows, and before PostgreSQL 14 it was 0 rows in 0 pages
           CASE WHEN c.reltuples > 0 OR c.reltuples = 0 AND (
                    c.relpages > 0 OR current_setting('server_version_num')::int >= 140000)
                THEN c.reltuples::bigint END AS row_estimate,
           CASE WHEN left(c.relname, length(root.relname) + 6) = root.relname || '_part_'
                     AND substr(c.relname, length(root.relname) + 7) ~ '^[0-9]{1,16}$'
                THEN substr(c.relname, length(root.relname) + 7)::bigint END AS number
    FROM pg_partition_tree({{table_text}}::regclass) AS tree
    JOIN pg_class AS c ON c.oid = tree.relid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_class AS root ON root.oid = {{table_text}}::regclass
    WHERE tree.isleaf
) AS named;

-- Each partition, measured once. A query of this view reads every row of the table once, and none
-- where only sizes are asked for. NULL is "not observed": a column that the table lacks, a foreign
-- leaf.
CREATE OR REPLACE VIEW {{schema}}.pgskew_partitions AS
SELECT partition_num, partition_name, relid,
       chunk_count, last_created_at, chunks_last_hour, chunks_last_day, chunks_last_week,
       size_bytes, row_estimate, total_chunks, total_bytes,
       CASE WHEN all_chunks > 0 THEN round(chunk_count * 100.0 / all_chunks, 2)
            WHEN all_chunks = 0 THEN 0 * chunk_count END AS chunk_percentage,
       CASE WHEN all_bytes > 0 THEN round(size_bytes * 100.0 / all_bytes, 2)
            WHEN all_bytes = 0 THEN 0 * size_bytes END AS size_percentage,
       CASE WHEN all_last_hour > 0 THEN round(chunks_last_hour * 100.0 / all_last_hour, 2)
            WHEN all_last_hour = 0 THEN 0 * chunks_last_hour END AS hour_percentage,
       CASE WHEN all_last_day > 0 THEN round(chunks_last_day * 100.0 / all_last_day, 2)
            WHEN all_last_day = 0 THEN 0 * chunks_last_day END AS day_percentage,
       CASE WHEN all_last_week > 0 THEN round(chunks_last_week * 100.0 / all_last_week, 2)
            WHEN all_last_week = 0 THEN 0 * chunks_last_week END AS week_percentage,
       round(chunk_skew, 4) AS chunk_skew,
       round(size_skew, 4) AS size_skew,
       CASE WHEN greatest(chunk_skew, size_skew) >= 0.5 THEN 'UNBALANCED'
            WHEN greatest(chunk_skew, size_skew) >= 0.3 THEN 'WARNING'
            WHEN greatest(chunk_skew, size_skew) >= 0 THEN 'HEALTHY' END AS health_status
FROM (
    SELECT *,
           CASE WHEN total_chunks > 0
                THEN abs(chunk_count / total_chunks - 1.0 / measured_count) / (1.0 / measured_count)
                WHEN total_chunks = 0 THEN 0.0 * chunk_count END AS chunk_skew,
           CASE WHEN total_bytes > 0
                THEN abs(size_bytes / total_bytes - 1.0 / measured_count) / (1.0 / measured_count)
                WHEN total_bytes = 0 THEN 0.0 * size_bytes END AS size_skew
    FROM (
        SELECT *,
               count(*) FILTER (WHERE partition_num IS NOT NULL AND is_measured) OVER () AS measured_count,
               sum(chunk_count) FILTER (WHERE partition_num IS NOT NULL) OVER () AS total_chunks,
               sum(size_bytes) FILTER (WHERE partition_num IS NOT NULL) OVER () AS total_bytes,
               sum(chunk_count) OVER () AS all_chunks,
               sum(size_bytes) OVER () AS all_bytes,
               sum(chunks_last_hour) OVER () AS all_last_hour,
               sum(chunks_last_day) OVER () AS all_last_day,
               sum(chunks_last_week) OVER () AS all_last_week
        FROM (
            SELECT leaf.partition_num, leaf.partition_name, leaf.relid, leaf.is_measured,
                   CASE WHEN is_measured THEN leaf.row_estimate END AS row_estimate,
                   CASE WHEN is_measured THEN pg_total_relation_size(leaf.relid) END AS size_bytes,
                   CASE WHEN is_measured THEN coalesce(counted.chunks, 0) END AS chunk_count,
                   CASE WHEN is_measured AND {{has_created}}
                        THEN coalesce(counted.last_hour, 0) END AS chunks_last_hour,
                   CASE WHEN is_measured AND {{has_created}}
                        THEN coalesce(counted.last_day, 0) END AS chunks_last_day,
                   CASE WHEN is_measured AND {{has_created}}
                        THEN coalesce(counted.last_week, 0) END AS chunks_last_week,
                   CASE WHEN is_measured AND isfinite(counted.newest) THEN counted.newest END AS last_created_at
            FROM {{schema}}.pgskew_leaves AS leaf
            LEFT JOIN (
                SELECT relid,
                       count(*) AS chunks,
                       count(*) FILTER (WHERE created >= now() - interval '1 hour') AS last_hour,
                       count(*) FILTER (WHERE created >= now() - interval '24 hours') AS last_day,
                       count(*) FILTER (WHERE created >= now() - interval '168 hours') AS last_week,
                       max(created) AS newest
                FROM (SELECT tableoid AS relid, {{created}} AS created FROM {{table}}) AS chunk
                GROUP BY relid
            ) AS counted ON counted.relid = leaf.relid
        ) AS partition
    ) AS with_totals
) AS with_skews
WHERE partition_num IS NOT NULL;
