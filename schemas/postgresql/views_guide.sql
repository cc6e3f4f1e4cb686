
CREATE OR REPLACE VIEW {{schema}}.partition_size_distribution AS
SELECT partition_num, size_bytes, pg_size_pretty(size_bytes) AS size_pretty, size_percentage,
       row_estimate, partition_name,
       size_bytes - index_bytes - toast_bytes AS table_bytes, index_bytes, toast_bytes
FROM {{schema}}.pgskew_partitions
LEFT JOIN LATERAL (
    SELECT pg_indexes_size(c.oid) AS index_bytes,
           CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_total_relation_size(c.reltoastrelid) END AS toast_bytes
    FROM pg_class AS c
    WHERE c.oid = relid AND size_bytes IS NOT NULL
) AS part_of_it ON true
ORDER BY partition_num;

-- Rows are grouped by document and collection first, and those groups counted: that takes less
-- than half the time of counting distinct values of rows.
CREATE OR REPLACE VIEW {{schema}}.partition_chunk_distribution AS
SELECT partition_num, chunk_count, document_count, collection_count, avg_tokens,
       CASE WHEN all_chunks > 0 THEN round(chunk_count * 100.0 / all_chunks, 2)
            WHEN all_chunks = 0 THEN 0 * chunk_count END AS chunk_percentage,
       oldest_chunk_at, newest_chunk_at,
       extract(epoch FROM now() - oldest_chunk_at)::numeric AS oldest_age_seconds,
       extract(epoch FROM now() - newest_chunk_at)::numeric AS newest_age_seconds
FROM (
    SELECT *, sum(chunk_count) OVER () AS all_chunks
    FROM (
        SELECT leaf.partition_num,
               CASE WHEN is_measured THEN coalesce(counted.chunks, 0) END AS chunk_count,
               CASE WHEN is_measured AND {{has_document}}
                    THEN coalesce(counted.documents, 0) END AS document_count,
               CASE WHEN is_measured AND {{has_collection}}
                    THEN coalesce(counted.collections, 0) END AS collection_count,
               CASE WHEN is_measured AND {{has_tokens}}
                    THEN coalesce(counted.avg_tokens, 0) END AS avg_tokens,
               CASE WHEN is_measured AND isfinite(counted.oldest) THEN counted.oldest END AS oldest_chunk_at,
               CASE WHEN is_measured AND isfinite(counted.newest) THEN counted.newest END AS newest_chunk_at
        FROM {{schema}}.pgskew_leaves AS leaf
        LEFT JOIN (
            SELECT relid,
                   sum(chunks)::bigint AS chunks,
                   count(DISTINCT document) AS documents,
                   count(DISTINCT collection) AS collections,
                   (coalesce(sum(token_sum), 0) / sum(chunks))::numeric AS avg_tokens,
                   min(oldest) AS oldest, max(newest) AS newest
            FROM (
                SELECT relid, document, collection, count(*) AS chunks, sum(tokens) AS token_sum,
                       min(created) AS oldest, max(created) AS newest
                FROM (
                    SELECT tableoid AS relid, {{document}} AS document, {{collection}} AS collection,
                           {{tokens}} AS tokens, {{created}} AS created
                    FROM {{table}}
                ) AS chunk
                GROUP BY relid, document, collection
            ) AS piece
            GROUP BY relid
        ) AS counted ON counted.relid = leaf.relid
    ) AS partition
) AS with_total
WHERE partition_num IS NOT NULL
ORDER BY partition_num;

CREATE OR REPLACE VIEW {{schema}}.partition_hot_spots AS
SELECT partition_num, chunks_last_hour, chunks_last_day, chunks_last_week,
       hour_percentage, day_percentage, week_percentage
FROM {{schema}}.pgskew_partitions
ORDER BY partition_num;

CREATE OR REPLACE VIEW {{schema}}.partition_stats AS
SELECT partition_num, chunk_count,
       round(size_bytes / 1048576.0, 4) AS total_size_mb,
       CASE WHEN chunk_count > 0 THEN round(size_bytes / chunk_count::numeric / 1024, 4)
            WHEN chunk_count = 0 THEN 0 END AS avg_chunk_size_kb,
       last_created_at AS created_at
FROM {{schema}}.pgskew_partitions
ORDER BY partition_num;

CREATE OR REPLACE VIEW {{schema}}.partition_health_summary AS
SELECT partition_num, chunk_count, total_chunks,
       round(chunk_percentage, 2) AS chunk_percentage, round(size_percentage, 2) AS size_percentage,
       health_status, chunk_skew, size_skew,
       CASE health_status WHEN 'UNBALANCED' THEN 'Consider rebalancing affected partitions'
                          WHEN 'WARNING' THEN 'Monitor partition growth' END AS recommendation
FROM {{schema}}.pgskew_partitions
ORDER BY partition_num;

-- Variance is that of count over expected count, (P * sum(x^2) - T^2) / T^2, compared before it is
-- rounded, and rounded in whole numbers.
CREATE OR REPLACE FUNCTION {{schema}}.analyze_partition_skew()
RETURNS TABLE (metric text, value numeric, status text, details text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, {{schema}}, pg_temp
SET jit = off
AS $$
    WITH whole AS (
        SELECT max(chunk_skew) AS chunk_skew, max(size_skew) AS size_skew,
               count(*) FILTER (WHERE health_status = 'UNBALANCED') AS unbalanced,
               count(*) FILTER (WHERE health_status = 'WARNING') AS warning,
               count(health_status) AS measured,
               count(*) FILTER (WHERE chunks_last_hour > 0 AND hour_percentage >= 12.5) AS hot,
               count(hour_percentage) AS with_windows,
               count(chunk_count) * sum(chunk_count::numeric * chunk_count)
                   - sum(chunk_count) * sum(chunk_count) AS excess,
               sum(chunk_count) * sum(chunk_count) AS square
        FROM pgskew_partitions
    ),
    judged AS (
        SELECT 1 AS place, 'chunk_distribution' AS metric, chunk_skew AS value,
               CASE WHEN chunk_skew >= 0.5 THEN 'CRITICAL' WHEN chunk_skew >= 0.3 THEN 'WARNING'
                    WHEN chunk_skew >= 0 THEN 'NORMAL' END AS status,
               'Chunk distribution' AS what, 'Chunk counts were not observed' AS unknown
        FROM whole
        UNION ALL
        SELECT 2, 'size_distribution', size_skew,
               CASE WHEN size_skew >= 0.5 THEN 'CRITICAL' WHEN size_skew >= 0.3 THEN 'WARNING'
                    WHEN size_skew >= 0 THEN 'NORMAL' END,
               'Partition size skew', 'Partition sizes were not observed'
        FROM whole
        UNION ALL
        SELECT 5, 'distribution_variance',
               CASE WHEN square > 0 THEN round(div(20000 * excess + square, 2 * square) / 10000, 4)
                    WHEN square = 0 THEN 0 END,
               CASE WHEN excess >= 0.25 * square AND square > 0 THEN 'CRITICAL'
                    WHEN excess >= 0.09 * square AND square > 0 THEN 'WARNING'
                    WHEN square >= 0 THEN 'NORMAL' END,
               'Distribution variance', 'Chunk counts were not observed'
        FROM whole
    )
    SELECT metric, value, status, details
    FROM (
        SELECT place, metric, value, status,
               CASE status WHEN 'CRITICAL' THEN what || ' exceeds critical threshold'
                           WHEN 'WARNING' THEN what || ' exceeds warning threshold'
                           WHEN 'NORMAL' THEN what || ' within expected range'
                           ELSE unknown END AS details
        FROM judged
        UNION ALL
        SELECT 3, 'partition_health',
               CASE WHEN unbalanced > 0 THEN unbalanced WHEN measured > 0 THEN warning END,
               CASE WHEN unbalanced > 0 THEN 'CRITICAL' WHEN warning > 0 THEN 'WARNING'
                    WHEN measured > 0 THEN 'NORMAL' END,
               CASE WHEN unbalanced > 0 THEN unbalanced || ' partitions require rebalancing'
                    WHEN warning > 0 THEN warning || ' partitions show early warnings'
                    WHEN measured > 0 THEN 'All partitions report healthy status'
                    ELSE 'No partition was measured' END
        FROM whole
        UNION ALL
        SELECT 4, 'hot_partitions',
               CASE WHEN with_windows > 0 THEN hot END,
               CASE WHEN hot > 0 THEN 'WARNING' WHEN with_windows > 0 THEN 'NORMAL' END,
               CASE WHEN hot > 0 THEN 'High recent write activity detected'
                    WHEN with_windows > 0 THEN 'No abnormal recent write activity detected'
                    ELSE 'Recent write activity was not observed' END
        FROM whole
    ) AS answer
    ORDER BY place
$$;
