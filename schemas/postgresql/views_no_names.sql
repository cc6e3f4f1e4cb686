-- No table has the collections' names.
    SELECT {{collection}} AS id, NULL::text AS name
    FROM {{table}}
    WHERE false