-- The table that names the collections of schema $1, when there is one with id and name that we
-- may read. No view, no foreign table, and no type with a cast to text of its own, unless in C: who
-- made them decides what they run, and would run it as us.
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE quote_ident(n.nspname) = $1 AND c.relname = 'collections'
  AND c.relkind IN ('r', 'p', 'm')
  AND has_table_privilege(c.oid, 'SELECT')
  AND (SELECT count(*) FROM pg_attribute AS a
       WHERE a.attrelid = c.oid AND a.attname IN ('id', 'name')
         AND a.attnum > 0 AND NOT a.attisdropped
         AND NOT EXISTS (
             WITH RECURSIVE part (oid) AS (
                 SELECT a.atttypid
                 UNION
                 SELECT t.typbasetype FROM part JOIN pg_type AS t ON t.oid = part.oid WHERE t.typtype = 'd'
             )
             SELECT FROM part
             JOIN pg_cast AS to_text ON to_text.castsource = part.oid AND to_text.casttarget = 'text'::regtype
             JOIN pg_proc AS p ON p.oid = to_text.castfunc
             JOIN pg_language AS l ON l.oid = p.prolang
             WHERE l.lanname NOT IN ('internal', 'c'))) = 2
