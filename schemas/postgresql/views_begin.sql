-- Live views of one partitioned table: made, replaced or dropped all together or not at all. Each
-- has a comment that ends with pgskew.mark; where one has none, it is not ours, and nothing is done.
BEGIN;
SET LOCAL lock_timeout = {{lock_timeout}};
SET LOCAL statement_timeout = {{statement_timeout}};
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_min_messages = warning;
SET LOCAL pgskew.schema = {{schema_text}};
SET LOCAL pgskew.on_table = {{table_text}};
SET LOCAL pgskew.mark = {{mark_text}};
DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
{{made}}
        WHERE right(comment, length(current_setting('pgskew.mark')))
              IS DISTINCT FROM current_setting('pgskew.mark')
        ORDER BY place
    LOOP
        RAISE EXCEPTION '% is there already, without "%" at the end of its comment',
            made.name, current_setting('pgskew.mark')
            USING ERRCODE = 'duplicate_object';
    END LOOP;
END
$$;
