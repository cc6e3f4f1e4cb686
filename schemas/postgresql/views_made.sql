        -- What there is of the objects that are made here, in the order of making.
        SELECT wanted.place, wanted.kind, wanted.description, there.name, there.comment
        FROM (VALUES
            (1, 'VIEW', 'pgskew_leaves', 'The partitions and their numbers.'),
            (2, 'VIEW', 'pgskew_partitions',
             'What the other views show: each partition, measured once.'),
            (3, 'VIEW', 'partition_size_distribution', 'Size of each partition and its share.'),
            (4, 'VIEW', 'partition_chunk_distribution',
             'Chunks, documents, collections, tokens and age of each partition.'),
            (5, 'VIEW', 'partition_hot_spots', 'Where the writes of the last hour, day and week went.'),
            (6, 'VIEW', 'partition_stats', 'Chunks of each partition, its size in MB, theirs in kB.'),
            (7, 'VIEW', 'partition_health_summary', 'Skew and status of each partition.'),
            (8, 'FUNCTION', 'analyze_partition_skew', 'Five metrics of the whole table.'),
            (9, 'MATERIALIZED VIEW', 'collection_chunking_stats',
             'Chunks, documents and tokens of each collection.'),
            (10, 'INDEX', 'collection_chunking_stats_id',
             'Lets collection_chunking_stats be read while it is refreshed.'),
            (11, 'FUNCTION', 'refresh_collection_chunking_stats', 'Refreshes collection_chunking_stats.')
        ) AS wanted (place, kind, name, description)
        CROSS JOIN LATERAL (
            SELECT current_setting('pgskew.schema') || '.' || wanted.name
                   || CASE wanted.kind WHEN 'FUNCTION' THEN '()' ELSE '' END AS name
        ) AS full_name
        CROSS JOIN LATERAL (
            SELECT full_name.name, obj_description(oid, 'pg_proc') AS comment
            FROM to_regprocedure(full_name.name) AS oid
            WHERE wanted.kind = 'FUNCTION' AND oid IS NOT NULL
            UNION ALL
            SELECT full_name.name, obj_description(oid, 'pg_class')
            FROM to_regclass(full_name.name) AS oid
            WHERE wanted.kind <> 'FUNCTION' AND oid IS NOT NULL
        ) AS there
