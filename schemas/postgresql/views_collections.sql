
-- Made aside and compared: one that is there and would be the same keeps its rows. It begins empty
-- (WITH NO DATA): making it reads no row, refreshing it reads each once.
CREATE MATERIALIZED VIEW {{schema}}.pgskew_collections_new AS
SELECT id, named.name,
       CASE WHEN {{has_document}} THEN coalesce(counted.documents, 0) END AS chunked_documents,
       coalesce(counted.chunks, 0) AS total_chunks,
       round(counted.avg_tokens, 2) AS avg_tokens_per_chunk,
       counted.newest AS last_chunk_created
FROM (
    {{names}}
) AS named
FULL JOIN (
    SELECT id,
           count(document) AS documents,
           sum(chunks)::bigint AS chunks,
           (sum(token_sum) / nullif(sum(token_chunks), 0))::numeric AS avg_tokens,
           max(newest) AS newest
    FROM (
        SELECT id, document, count(*) AS chunks, sum(tokens) AS token_sum, count(tokens) AS token_chunks,
               max(created) AS newest
        FROM (
            SELECT {{collection}}{{id_cast}} AS id, {{document}} AS document,
                   {{tokens}} AS tokens, {{created}} AS created
            FROM {{table}}
        ) AS chunk
        WHERE id IS NOT NULL
        GROUP BY id, document
    ) AS piece
    GROUP BY id
) AS counted USING (id)
WITH NO DATA;
DO $$
DECLARE
    made text := current_setting('pgskew.schema') || '.pgskew_collections_new';
    kept text := current_setting('pgskew.schema') || '.collection_chunking_stats';
BEGIN
    IF to_regclass(kept) IS NOT NULL
       AND pg_get_viewdef(made::regclass) = pg_get_viewdef(to_regclass(kept)) THEN
        EXECUTE 'DROP MATERIALIZED VIEW ' || made;
        RETURN;
    END IF;
    EXECUTE 'DROP MATERIALIZED VIEW IF EXISTS ' || kept;
    EXECUTE 'ALTER MATERIALIZED VIEW ' || made || ' RENAME TO collection_chunking_stats';
    EXECUTE 'CREATE UNIQUE INDEX collection_chunking_stats_id ON ' || kept || ' (id)';
END
$$;

-- The first time there is nothing to read meanwhile. For roles that may EXECUTE it; by default only
-- its owner.
CREATE OR REPLACE FUNCTION {{schema}}.refresh_collection_chunking_stats()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, {{schema}}, pg_temp
SET jit = off
AS $$
BEGIN
    IF (SELECT relispopulated FROM pg_class WHERE oid = 'collection_chunking_stats'::regclass) THEN
        REFRESH MATERIALIZED VIEW CONCURRENTLY collection_chunking_stats;
    ELSE
        REFRESH MATERIALIZED VIEW collection_chunking_stats;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION {{schema}}.refresh_collection_chunking_stats() FROM PUBLIC;
