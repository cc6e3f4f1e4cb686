SELECT id::text, name::text FROM {{table}} WHERE id IS NOT NULL
