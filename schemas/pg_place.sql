-- Where the live views of table $1 are: in schema $2, or in the table's own. And the table's name,
-- quoted, for it may be gone. No row: there is no such schema.
SELECT quote_ident(n.nspname), quote_ident(wanted.name[1]) || '.' || quote_ident(wanted.name[2])
FROM (SELECT parse_ident($1)) AS wanted (name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = coalesce($2::text, wanted.name[1])
