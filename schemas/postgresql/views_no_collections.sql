
-- No column of the table says which collection a row is of, hence there is no collection_chunking_stats.
