-- Whether column $2 of table $1 is of the type of id in table $3.
SELECT count(DISTINCT atttypid) = 1
FROM pg_catalog.pg_attribute
WHERE attrelid = $1::oid AND attname = $2 OR attrelid = $3::regclass AND attname = 'id'
