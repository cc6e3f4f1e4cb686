-- Where the leaves $1 are stored, as this transaction sees it. If a leaf has moved by the time it
-- is read, it was truncated or rewritten after the moment of the snapshot.
SELECT oid, relfilenode FROM pg_class WHERE oid = ANY ($1::oid[])
