-- Count a batch of leaves. Every row is read once: rows are grouped by leaf, collection and
-- document, and those groups, some twenty times fewer, are counted after. NULL ids are no
-- collection and no document; a chunk without a token count has no tokens. Where rows of
-- collections would need more than {{max_bytes}} bytes, one row says so in their place.
WITH chunk AS (
    {{arms}}
),
piece AS MATERIALIZED (
    SELECT leaf, collection, document,
           count(*) AS chunks,
           sum(tokens) AS token_sum, count(tokens) AS token_chunks,
           min(created) AS oldest, max(created) AS newest,
           count(*) FILTER (WHERE created >= {{hour}}) AS last_hour,
           count(*) FILTER (WHERE created >= {{day}}) AS last_day,
           count(*) FILTER (WHERE created >= {{week}}) AS last_week
    FROM chunk
    GROUP BY leaf, collection, document
),
by_collection AS MATERIALIZED (
    SELECT leaf, collection,
           sum(chunks) AS chunks, count(document) AS documents,
           sum(token_sum) AS token_sum, sum(token_chunks) AS token_chunks,
           min(oldest) AS oldest, max(newest) AS newest,
           sum(last_hour) AS last_hour, sum(last_day) AS last_day, sum(last_week) AS last_week,
           -- which documents these are, so that those in several leaves can be counted once; not
           -- when there are too many of them
           CASE WHEN {{collections}} THEN
               array_agg(hashtextextended({{document_text}}, 0)) FILTER (
                   WHERE collection IS NOT NULL AND document IS NOT NULL
                         AND (SELECT count(document) FROM piece WHERE collection IS NOT NULL)
                             <= {{max_documents}})
           END AS hashes
    FROM piece
    GROUP BY leaf, collection
),
needed AS MATERIALIZED (
    SELECT sum({{row_bytes}} + octet_length(collection::text)) AS bytes
    FROM by_collection
    WHERE collection IS NOT NULL AND {{collections}}
),
by_leaf AS (
    SELECT leaf, count(collection) AS collections,
           sum(chunks) AS chunks,
           coalesce(sum(token_sum), 0) / sum(chunks) AS avg_tokens,
           min(oldest) AS oldest, max(newest) AS newest,
           sum(last_hour) AS last_hour, sum(last_day) AS last_day, sum(last_week) AS last_week
    FROM by_collection
    GROUP BY leaf
),
by_document AS (
    SELECT leaf, count(document) AS documents
    FROM (SELECT DISTINCT leaf, document FROM piece) AS document_of_leaf
    GROUP BY leaf
)
-- Where the leaf is stored at this instant, if it still is a partition: both do not obey the
-- snapshot, so that a leaf that was truncated, rewritten or detached since can be told.
SELECT 'leaf' AS row_of, want.leaf, want.relid,
       CASE WHEN pg_partition_root(want.relid) = pg_partition_root({{table}})
            THEN pg_relation_filenode(want.relid) END,
       coalesce(chunks, 0), coalesce(documents, 0), coalesce(collections, 0), coalesce(avg_tokens, 0),
       coalesce(last_hour, 0), coalesce(last_day, 0), coalesce(last_week, 0), oldest, newest,
       NULL AS collection, NULL AS key_hash, NULL AS token_sum, NULL AS token_chunks, NULL AS hashes
FROM (VALUES {{leaves}}) AS want (leaf, relid)
LEFT JOIN by_leaf USING (leaf)
LEFT JOIN by_document USING (leaf)
UNION ALL
SELECT 'collection', leaf, NULL, NULL,
       chunks, documents, NULL, NULL,
       NULL, NULL, NULL, NULL, newest,
       collection::text, hashtext(collection::text), token_sum, token_chunks, hashes
FROM by_collection
WHERE collection IS NOT NULL AND {{collections}}
      AND (SELECT bytes FROM needed) <= {{max_bytes}}
UNION ALL
SELECT 'too many', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL
FROM needed
WHERE bytes > {{max_bytes}}
