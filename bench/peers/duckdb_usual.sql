-- The work W in DuckDB as one would write it who knows SQL and DuckDB well, and has not measured
-- every function: timestamps as keys, stddev_samp, FILTER, arg_max; no option is set. Already
-- better than the first thing that comes to mind: bounds are whole numbers found once per moment,
-- sums are cast to BIGINT before they are joined, and slopes come from plain sums of values shifted
-- by each partition's first one instead of from regr_slope and regr_r2. duckdb.sql is what
-- measuring made of it.
CREATE OR REPLACE TEMP TABLE totals AS
SELECT *,
       CASE WHEN t > 0 THEN 7 * t // (10 * n) ELSE -1 END AS lo30,
       CASE WHEN t > 0 THEN (13 * t + 10 * n - 1) // (10 * n) ELSE 1 END AS hi30,
       CASE WHEN t > 0 THEN t // (2 * n) ELSE -1 END AS lo50,
       CASE WHEN t > 0 THEN (3 * t + 2 * n - 1) // (2 * n) ELSE 1 END AS hi50,
       CASE WHEN st > 0 THEN 7 * st // (10 * n) ELSE -1 END AS slo30,
       CASE WHEN st > 0 THEN (13 * st + 10 * n - 1) // (10 * n) ELSE 1 END AS shi30,
       CASE WHEN st > 0 THEN st // (2 * n) ELSE -1 END AS slo50,
       CASE WHEN st > 0 THEN (3 * st + 2 * n - 1) // (2 * n) ELSE 1 END AS shi50
FROM (SELECT taken_at, count(*) AS n, sum(chunk_count)::BIGINT AS t,
             coalesce(stddev_samp(chunk_count), 0) AS stddev,
             min(chunk_count) AS low, max(chunk_count) AS high,
             sum(size_bytes)::BIGINT AS st, min(size_bytes) AS slow, max(size_bytes) AS shigh
      FROM history GROUP BY taken_at);

CREATE OR REPLACE TEMP TABLE moments AS
SELECT taken_at, n AS partition_count, t AS total_chunks, t / n AS avg_chunks_per_partition,
       stddev AS chunk_count_stddev,
       CASE WHEN t > 0 THEN greatest(abs(n * high - t), abs(n * low - t)) / t ELSE 0 END
           AS max_chunk_skew,
       beyond30 - beyond50 AS chunk_warning_count, beyond50 AS chunk_unbalanced_count,
       st AS total_size_bytes,
       CASE WHEN st > 0
            THEN greatest(abs(n * shigh - st), abs(n * slow - st)) / st ELSE 0 END AS max_size_skew,
       size_beyond30 - size_beyond50 AS size_warning_count, size_beyond50 AS size_unbalanced_count
FROM totals JOIN
     (SELECT taken_at,
             count(*) FILTER (WHERE chunk_count >= hi30 OR chunk_count <= lo30) AS beyond30,
             count(*) FILTER (WHERE chunk_count >= hi50 OR chunk_count <= lo50) AS beyond50,
             count(*) FILTER (WHERE size_bytes >= shi30 OR size_bytes <= slo30) AS size_beyond30,
             count(*) FILTER (WHERE size_bytes >= shi50 OR size_bytes <= slo50) AS size_beyond50
      FROM history JOIN totals USING (taken_at) GROUP BY taken_at) USING (taken_at);

CREATE OR REPLACE TEMP TABLE partitions AS
WITH middle AS (SELECT (epoch(min(taken_at)) + epoch(max(taken_at))) / 2 AS middle FROM totals),
     times AS (SELECT taken_at, t, (epoch(taken_at) - middle) / 86400 AS x FROM totals, middle),
     firsts AS (SELECT partition_num, arg_min(chunk_count, taken_at) AS y0,
                       arg_max(chunk_count, taken_at) AS last_chunk_count
                FROM history GROUP BY partition_num),
     sums AS (SELECT partition_num, count(*) AS n, any_value(last_chunk_count) AS last_chunk_count,
                     sum(x) AS x, sum(x * x) AS xx, sum(y) AS y, sum(x * y) AS xy, sum(y * y) AS yy,
                     sum(z) AS z, sum(x * z) AS xz, sum(z * z) AS zz
              FROM (SELECT partition_num, last_chunk_count, x, (chunk_count - y0)::DOUBLE AS y,
                           CASE WHEN t > 0 THEN chunk_count / t ELSE 0 END AS z
                    FROM history JOIN times USING (taken_at) JOIN firsts USING (partition_num))
              GROUP BY partition_num),
     centred AS (SELECT partition_num, n, last_chunk_count, xx - x * x / n AS sxx,
                        xy - x * y / n AS sxy, yy - y * y / n AS syy, xz - x * z / n AS sxz,
                        zz - z * z / n AS szz FROM sums)
SELECT partition_num, n, last_chunk_count, sxy / sxx AS chunk_slope_per_day,
       sxy * sxy / (sxx * syy) AS chunk_r2, sxz / sxx AS share_slope_per_day,
       sxz * sxz / (sxx * szz) AS share_r2
FROM centred;
