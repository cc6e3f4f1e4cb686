
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
{{made}}
        ORDER BY place DESC
    LOOP
        EXECUTE format('DROP %s %s', made.kind, made.name);
    END LOOP;
END
$$;
COMMIT;
