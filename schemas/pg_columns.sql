-- Which of the columns $2 .. $5 the table $1 has, and of what kind they are (domains: what they
-- are made of). The first two are grouped by, so they are left out where their type, or one that
-- it is made of, has no equality: json, xml, point.
WITH RECURSIVE part (place, oid, is_whole) AS (
    SELECT wanted.place, a.atttypid, true
    FROM (VALUES (0, $2), (1, $3), (2, $4), (3, $5)) AS wanted (place, name)
    JOIN pg_attribute AS a ON a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attrelid = $1::oid
    UNION
    SELECT part.place, inner_type.oid, part.is_whole AND t.typtype = 'd'
    FROM part
    JOIN pg_type AS t ON t.oid = part.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0 AND t.typtype = 'b'
        UNION ALL
        SELECT f.atttypid FROM pg_attribute AS f
        WHERE t.typtype = 'c' AND f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
    ) AS inner_type (oid)
),
comparable AS (
    SELECT c.opcintype AS oid
    FROM pg_opclass AS c
    JOIN pg_am AS am ON am.oid = c.opcmethod AND am.amname IN ('btree', 'hash')
    WHERE c.opcdefault
),
kind AS (
    SELECT part.place, part.is_whole, t.typname, t.typcategory, t.typtype,
           t.typtype IN ('c', 'd', 'e', 'm', 'r') OR (t.typcategory = 'A' AND t.typelem <> 0)
           OR t.oid IN (SELECT oid FROM comparable)
           OR EXISTS (SELECT FROM pg_cast AS to_other
                      JOIN comparable ON comparable.oid = to_other.casttarget
                      WHERE to_other.castsource = t.oid AND to_other.castmethod = 'b'
                            AND to_other.castcontext = 'i') AS has_equality,
           NOT EXISTS (SELECT FROM pg_cast AS to_text
                       JOIN pg_proc AS p ON p.oid = to_text.castfunc
                       JOIN pg_language AS l ON l.oid = p.prolang
                       WHERE to_text.castsource = t.oid AND to_text.casttarget = 'text'::regtype
                             AND l.lanname NOT IN ('internal', 'c')) AS has_safe_text,
           t.typnamespace = 'pg_catalog'::regnamespace AS is_builtin
    FROM part
    JOIN pg_type AS t ON t.oid = part.oid
)
SELECT place, typname
FROM kind AS whole
WHERE is_whole AND typtype <> 'd'
      AND (place < 2 OR is_builtin)
      AND (place > 1 OR NOT EXISTS (
          SELECT FROM kind AS of_it
          WHERE of_it.place = whole.place AND NOT (of_it.has_equality AND of_it.has_safe_text)))
