-- Every collection that has a row of its own, chunks or none.
    SELECT id{{id_cast}} AS id, min(name::text) AS name
    FROM {{table}}
    WHERE id IS NOT NULL
    GROUP BY 1