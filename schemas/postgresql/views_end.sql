
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
    -- May their owner read the table?
    EXECUTE format('SELECT partition_num FROM %s.pgskew_partitions LIMIT 0', current_setting('pgskew.schema'));
END
$$;
COMMIT;
