-- The work W in PostgreSQL, on history(hour integer, partition_num integer, chunk_count bigint,
-- size_bytes bigint, ...). sum(bigint) is numeric, which is slow; doubles hold these sums exactly.
-- Unlogged tables instead of temporary ones, because parallel workers cannot read the latter.
SET jit = off;
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 1; -- and the leader
SET min_parallel_table_scan_size = 0;
SET client_min_messages = warning;
DROP TABLE IF EXISTS totals, moments, partitions;

CREATE UNLOGGED TABLE totals AS
SELECT *, hour - (min(hour) OVER () + max(hour) OVER ()) / 2 AS x,
       CASE WHEN t > 0 THEN 7 * t / (10 * n) + 1 ELSE 0 END AS lo30,
       CASE WHEN t > 0 THEN (13 * t + 10 * n - 1) / (10 * n) - 1 ELSE 0 END AS hi30,
       CASE WHEN t > 0 THEN t / (2 * n) + 1 ELSE 0 END AS lo50,
       CASE WHEN t > 0 THEN (3 * t + 2 * n - 1) / (2 * n) - 1 ELSE 0 END AS hi50,
       CASE WHEN st > 0 THEN 7 * st / (10 * n) + 1 ELSE 0 END AS slo30,
       CASE WHEN st > 0 THEN (13 * st + 10 * n - 1) / (10 * n) - 1 ELSE 0 END AS shi30,
       CASE WHEN st > 0 THEN st / (2 * n) + 1 ELSE 0 END AS slo50,
       CASE WHEN st > 0 THEN (3 * st + 2 * n - 1) / (2 * n) - 1 ELSE 0 END AS shi50,
       CASE WHEN t > 0 THEN 1 / t::float8 ELSE 0 END AS of_total
FROM (SELECT hour, count(*) AS n, sum(chunk_count::float8)::bigint AS t,
             sum(chunk_count::float8 * chunk_count) AS tt, min(chunk_count) AS low,
             max(chunk_count) AS high, sum(size_bytes::float8)::bigint AS st,
             min(size_bytes) AS slow, max(size_bytes) AS shigh
      FROM history GROUP BY hour) AS sums;
ANALYZE totals;

CREATE UNLOGGED TABLE moments AS
SELECT to_char(to_timestamp(hour * 3600.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
           AS taken_at, n AS partition_count, t AS total_chunks,
       t / n::float8 AS avg_chunks_per_partition,
       CASE WHEN n > 1 THEN sqrt((tt - t / n::float8 * t) / (n - 1)) ELSE 0 END AS chunk_count_stddev,
       CASE WHEN t > 0 THEN greatest(abs(n * high - t), abs(n * low - t)) / t::float8 ELSE 0 END
           AS max_chunk_skew,
       not_unbalanced - healthy AS chunk_warning_count, n - not_unbalanced AS chunk_unbalanced_count,
       st AS total_size_bytes,
       CASE WHEN st > 0 THEN greatest(abs(n * shigh - st), abs(n * slow - st)) / st::float8 ELSE 0 END
           AS max_size_skew,
       size_not_unbalanced - size_healthy AS size_warning_count,
       n - size_not_unbalanced AS size_unbalanced_count
FROM (SELECT hour, sum((chunk_count BETWEEN lo30 AND hi30)::integer) AS healthy,
             sum((chunk_count BETWEEN lo50 AND hi50)::integer) AS not_unbalanced,
             sum((size_bytes BETWEEN slo30 AND shi30)::integer) AS size_healthy,
             sum((size_bytes BETWEEN slo50 AND shi50)::integer) AS size_not_unbalanced
      FROM history JOIN totals USING (hour) GROUP BY hour) AS healths
JOIN totals USING (hour);

CREATE UNLOGGED TABLE partitions AS
WITH times AS (SELECT sum(x)::float8 AS x, sum(x * x)::float8 AS xx FROM totals),
     sums AS (SELECT partition_num, count(*) AS n, sum(y) AS y, sum(x * y) AS xy, sum(y * y) AS yy,
                     sum(z) AS z, sum(x * z) AS xz, sum(z * z) AS zz
              FROM (SELECT partition_num, x::float8 AS x, chunk_count::float8 AS y,
                           chunk_count * of_total AS z
                    FROM history JOIN totals USING (hour)) AS points GROUP BY partition_num),
     centred AS (SELECT partition_num, n, times.xx - times.x * times.x / n AS sxx,
                        xy - times.x * y / n AS sxy, yy - y * y / n AS syy,
                        xz - times.x * z / n AS sxz, zz - z * z / n AS szz
                 FROM sums, times)
SELECT partition_num, n, last_chunk_count,
       24 * sxy / sxx AS chunk_slope_per_day, sxy * sxy / (sxx * syy) AS chunk_r2,
       24 * sxz / sxx AS share_slope_per_day, sxz * sxz / (sxx * szz) AS share_r2
FROM centred JOIN
     (SELECT partition_num, chunk_count AS last_chunk_count FROM history
      WHERE hour = (SELECT max(hour) FROM totals)) AS last USING (partition_num);
