-- The collections' names; with each row, how many bytes they all need. Alone, where they are too many.
WITH named AS MATERIALIZED (
    SELECT id::text AS id, name::text AS name FROM {{table}} WHERE id IS NOT NULL
)
SELECT whole.bytes, id, name
FROM (SELECT sum({{row_bytes}} + octet_length(id) + coalesce(octet_length(name), 0)) AS bytes FROM named) AS whole
LEFT JOIN named ON whole.bytes <= {{max_bytes}}
