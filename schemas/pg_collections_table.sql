-- The table that names the collections of schema $1, when there is one with id and name that we
-- may read.
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE quote_ident(n.nspname) = $1 AND c.relname = 'collections'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND has_table_privilege(c.oid, 'SELECT')
  AND (SELECT count(*) FROM pg_attribute AS a
       WHERE a.attrelid = c.oid AND a.attname IN ('id', 'name')
         AND a.attnum > 0 AND NOT a.attisdropped) = 2
