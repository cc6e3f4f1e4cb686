-- How collection_chunking_stats of schema $1 (quoted) can be refreshed: by a function of the
-- database's own; concurrently, where a unique index over whole rows allows; or with a lock.
SELECT to_regproc($1::text || '.refresh_collection_chunking_stats') IS NOT NULL,
       coalesce(c.relispopulated AND EXISTS (
           SELECT FROM pg_catalog.pg_index AS i
           WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
             AND i.indpred IS NULL AND i.indexprs IS NULL), false),
       c.oid IS NOT NULL
FROM (VALUES (to_regclass($1::text || '.collection_chunking_stats'))) AS wanted (oid)
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = wanted.oid AND c.relkind = 'm'
