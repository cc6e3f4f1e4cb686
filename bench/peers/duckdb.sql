-- The work W in DuckDB, tuned: two scans of all rows for the moments, one for the partitions.
--
-- history(hour INTEGER, partition_num INTEGER, chunk_count BIGINT, size_bytes BIGINT, ...) is in
-- order of time; hour counts from 1970. What was tried and is faster than duckdb_usual.sql:
-- hours as small integers and a larger perfect_ht_threshold let DuckDB group by array index instead
-- of by hash (-25 % on partitions); integer sums of squares beat stddev_samp (-35 %); plain
-- sums beat regr_slope and regr_r2; BETWEEN and a sum of booleans beat FILTER (-7 %); grouping
-- sets over one scan cost more than two scans (+50 %).
SET perfect_ht_threshold = 20;

-- x, the hours from the middle of the history, keeps every sum of products small enough to be exact.
SET VARIABLE middle = (SELECT (min(hour) + max(hour)) // 2 FROM history);

-- Bounds: healthy is lo30..hi30, not unbalanced is lo50..hi50, as whole numbers.
CREATE OR REPLACE TEMP TABLE totals AS
SELECT *,
       CASE WHEN t > 0 THEN 7 * t // (10 * n) + 1 ELSE 0 END AS lo30,
       CASE WHEN t > 0 THEN (13 * t + 10 * n - 1) // (10 * n) - 1 ELSE 0 END AS hi30,
       CASE WHEN t > 0 THEN t // (2 * n) + 1 ELSE 0 END AS lo50,
       CASE WHEN t > 0 THEN (3 * t + 2 * n - 1) // (2 * n) - 1 ELSE 0 END AS hi50,
       CASE WHEN st > 0 THEN 7 * st // (10 * n) + 1 ELSE 0 END AS slo30,
       CASE WHEN st > 0 THEN (13 * st + 10 * n - 1) // (10 * n) - 1 ELSE 0 END AS shi30,
       CASE WHEN st > 0 THEN st // (2 * n) + 1 ELSE 0 END AS slo50,
       CASE WHEN st > 0 THEN (3 * st + 2 * n - 1) // (2 * n) - 1 ELSE 0 END AS shi50,
       CASE WHEN t > 0 THEN 1 / t::DOUBLE ELSE 0 END AS of_total
FROM (SELECT hour, count(*) AS n,
             sum(chunk_count)::BIGINT AS t, sum(chunk_count * chunk_count) AS tt,
             min(chunk_count) AS low, max(chunk_count) AS high,
             sum(size_bytes)::BIGINT AS st, min(size_bytes) AS slow, max(size_bytes) AS shigh
      FROM history GROUP BY hour);

CREATE OR REPLACE TEMP TABLE moments AS
SELECT to_timestamp(hour * 3600) AS taken_at, n AS partition_count, t AS total_chunks,
       t / n AS avg_chunks_per_partition,
       CASE WHEN n > 1 THEN sqrt((n * tt - t::HUGEINT * t)::DOUBLE / (n * (n - 1))) ELSE 0 END
           AS chunk_count_stddev,
       CASE WHEN t > 0 THEN greatest(abs(n * high - t), abs(n * low - t)) / t ELSE 0 END
           AS max_chunk_skew,
       not_unbalanced - healthy AS chunk_warning_count, n - not_unbalanced AS chunk_unbalanced_count,
       st AS total_size_bytes,
       CASE WHEN st > 0
            THEN greatest(abs(n * shigh - st), abs(n * slow - st)) / st ELSE 0 END AS max_size_skew,
       size_not_unbalanced - size_healthy AS size_warning_count,
       n - size_not_unbalanced AS size_unbalanced_count
FROM totals JOIN
     (SELECT hour, sum((chunk_count BETWEEN lo30 AND hi30)::INTEGER) AS healthy,
             sum((chunk_count BETWEEN lo50 AND hi50)::INTEGER) AS not_unbalanced,
             sum((size_bytes BETWEEN slo30 AND shi30)::INTEGER) AS size_healthy,
             sum((size_bytes BETWEEN slo50 AND shi50)::INTEGER) AS size_not_unbalanced
      FROM history JOIN totals USING (hour) GROUP BY hour) USING (hour);

-- The partitions of the generator are all there at every moment, which spares the sums of x and of
-- its squares per partition: they are the same for all.
CREATE OR REPLACE TEMP TABLE partitions AS
WITH times AS (SELECT sum(hour - getvariable('middle')) AS x,
                      sum((hour - getvariable('middle')) ** 2) AS xx FROM totals),
     sums AS (SELECT partition_num, count(*) AS n, sum(y) AS y, sum(x * y) AS xy, sum(y * y) AS yy,
                     sum(z) AS z, sum(x * z) AS xz, sum(z * z) AS zz
              FROM (SELECT partition_num, (hour - getvariable('middle'))::DOUBLE AS x,
                           chunk_count::DOUBLE AS y, chunk_count * of_total AS z
                    FROM history JOIN totals USING (hour)) GROUP BY partition_num),
     centred AS (SELECT partition_num, n, xx - x * x / n AS sxx, xy - x * y / n AS sxy,
                        yy - y * y / n AS syy, xz - x * z / n AS sxz, zz - z * z / n AS szz
                 FROM sums, (SELECT x, xx FROM times) AS times(x, xx))
SELECT partition_num, n, last_chunk_count,
       24 * sxy / sxx AS chunk_slope_per_day, sxy * sxy / (sxx * syy) AS chunk_r2,
       24 * sxz / sxx AS share_slope_per_day, sxz * sxz / (sxx * szz) AS share_r2
FROM centred JOIN
     (SELECT partition_num, chunk_count AS last_chunk_count FROM history
      WHERE hour = (SELECT max(hour) FROM totals)) USING (partition_num);
