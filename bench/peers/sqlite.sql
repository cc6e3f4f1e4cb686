-- The work W in SQLite, on history(moment, partition_num, chunk_count, ..., size_bytes), clustered
-- by moment and partition, and moments_taken(moment, taken_us). Three scans; the totals come first
-- in the joins, so that each is found once and its rows are read as they lie.
CREATE TEMP TABLE totals(moment INTEGER PRIMARY KEY, taken_us, x, n, t, tt, low, high, st, slow,
                         shigh, lo30, hi30, lo50, hi50, slo30, shi30, slo50, shi50, of_total);
INSERT INTO totals
SELECT moment, taken_us, taken_us / 3600000000 - middle, n, t, tt, low, high, st, slow, shigh,
       CASE WHEN t > 0 THEN 7 * t / (10 * n) + 1 ELSE 0 END,
       CASE WHEN t > 0 THEN (13 * t + 10 * n - 1) / (10 * n) - 1 ELSE 0 END,
       CASE WHEN t > 0 THEN t / (2 * n) + 1 ELSE 0 END,
       CASE WHEN t > 0 THEN (3 * t + 2 * n - 1) / (2 * n) - 1 ELSE 0 END,
       CASE WHEN st > 0 THEN 7 * st / (10 * n) + 1 ELSE 0 END,
       CASE WHEN st > 0 THEN (13 * st + 10 * n - 1) / (10 * n) - 1 ELSE 0 END,
       CASE WHEN st > 0 THEN st / (2 * n) + 1 ELSE 0 END,
       CASE WHEN st > 0 THEN (3 * st + 2 * n - 1) / (2 * n) - 1 ELSE 0 END,
       CASE WHEN t > 0 THEN 1.0 / t ELSE 0.0 END
FROM (SELECT moment, count(*) AS n, sum(chunk_count) AS t, sum(chunk_count * chunk_count) AS tt,
             min(chunk_count) AS low, max(chunk_count) AS high,
             sum(size_bytes) AS st, min(size_bytes) AS slow, max(size_bytes) AS shigh
      FROM history GROUP BY moment)
JOIN moments_taken USING (moment),
     (SELECT (min(taken_us) + max(taken_us)) / 7200000000 AS middle FROM moments_taken);

CREATE TEMP TABLE moments AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', taken_us / 1000000, 'unixepoch') AS taken_at,
       n AS partition_count, t AS total_chunks, t * 1.0 / n AS avg_chunks_per_partition,
       CASE WHEN n > 1 THEN sqrt((tt - t * 1.0 / n * t) / (n - 1)) ELSE 0.0 END
           AS chunk_count_stddev,
       CASE WHEN t > 0 THEN max(abs(n * high - t), abs(n * low - t)) * 1.0 / t ELSE 0.0 END
           AS max_chunk_skew,
       not_unbalanced - healthy AS chunk_warning_count, n - not_unbalanced AS chunk_unbalanced_count,
       st AS total_size_bytes,
       CASE WHEN st > 0 THEN max(abs(n * shigh - st), abs(n * slow - st)) * 1.0 / st ELSE 0.0 END
           AS max_size_skew,
       size_not_unbalanced - size_healthy AS size_warning_count,
       n - size_not_unbalanced AS size_unbalanced_count
FROM (SELECT moment, sum(chunk_count BETWEEN lo30 AND hi30) AS healthy,
             sum(chunk_count BETWEEN lo50 AND hi50) AS not_unbalanced,
             sum(size_bytes BETWEEN slo30 AND shi30) AS size_healthy,
             sum(size_bytes BETWEEN slo50 AND shi50) AS size_not_unbalanced
      FROM totals CROSS JOIN history USING (moment) GROUP BY moment)
JOIN totals USING (moment);

CREATE TEMP TABLE partitions AS
WITH times AS (SELECT sum(x) AS x, sum(x * x) AS xx FROM totals),
     sums AS (SELECT partition_num, count(*) AS n, sum(chunk_count) AS y, sum(x * chunk_count) AS xy,
                     sum(chunk_count * chunk_count) AS yy, sum(chunk_count * of_total) AS z,
                     sum(x * (chunk_count * of_total)) AS xz,
                     sum((chunk_count * of_total) * (chunk_count * of_total)) AS zz
              FROM totals CROSS JOIN history USING (moment) GROUP BY partition_num),
     centred AS (SELECT partition_num, n, xx - x * 1.0 * x / n AS sxx, xy - x * 1.0 * y / n AS sxy,
                        yy - y * 1.0 * y / n AS syy, xz - x * z / n AS sxz, zz - z * z / n AS szz
                 FROM sums, times)
SELECT partition_num, n, last_chunk_count,
       24 * sxy / sxx AS chunk_slope_per_day, sxy * sxy / (sxx * syy) AS chunk_r2,
       24 * sxz / sxx AS share_slope_per_day, sxz * sxz / (sxx * szz) AS share_r2
FROM centred JOIN
     (SELECT partition_num, chunk_count AS last_chunk_count FROM history
      WHERE moment = (SELECT max(moment) FROM totals)) USING (partition_num);
