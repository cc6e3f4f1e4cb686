-- The table called $1, the server it lives in, and the moment. No row: there is no such table.
SELECT c.oid, c.relkind,
       quote_ident(n.nspname), c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       now(), now() - interval '1 hour', now() - interval '1 day', now() - interval '7 days',
       current_database(), current_user,
       current_setting('server_version'), current_setting('server_version_num'),
       current_setting('block_size'),
       pg_is_in_recovery()::int,
       (current_setting('track_counts')::bool AND NOT pg_is_in_recovery())::int,
       pg_stat_get_db_stat_reset_time(d.oid)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_database AS d ON d.datname = current_database()
WHERE c.oid = to_regclass($1)
