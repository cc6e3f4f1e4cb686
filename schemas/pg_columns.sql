-- Which of the columns $2 .. $5 the table $1 has, and of what kind they are (domains: what they
-- are made of).
SELECT wanted.place, base.typname, base.typcategory
FROM (VALUES (0, $2), (1, $3), (2, $4), (3, $5)) AS wanted (place, name)
JOIN pg_attribute AS a ON a.attname = wanted.name AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_type AS base ON base.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
WHERE a.attrelid = $1::oid
