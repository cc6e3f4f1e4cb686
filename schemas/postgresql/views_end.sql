
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
{{made}}
        ORDER BY place
    LOOP
        EXECUTE format('COMMENT ON %s %s IS %L', made.kind, made.name,
                       made.description || ' ' || current_setting('pgskew.mark'));
    END LOOP;
    -- They read the table with the rights of their owner.
    IF NOT has_table_privilege(current_setting('pgskew.on_table'), 'SELECT') THEN
        RAISE EXCEPTION 'role % may not read %', current_user, current_setting('pgskew.on_table')
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;
COMMIT;
