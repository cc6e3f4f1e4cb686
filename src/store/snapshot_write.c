/* Writing a snapshot: the database is built in memory, serialized, and put in its place as one
 * file, so that a snapshot file is complete or absent. */
#include <string.h>

#include "embedded_sql.h"
#include "pgskew/store.h"
#include "store/database.h"
#include "store/snapshot_rows.h"

pgs_status pgs_snapshot_write(const pgs_snapshot *snap, const char *path, pgs_err *err) {
    static pgs_status (*const PART[])(pgs_database *, const pgs_snapshot *, int64_t, pgs_err *) = {
        pgs_write_head,   pgs_write_parts,       pgs_write_skew,
        pgs_write_strays, pgs_write_collections, pgs_write_collection_stats};
    pgs_database d;
    pgs_status st =
        pgs_database_new(&d, path, PGS_SNAPSHOT_APPLICATION_ID, pgs_sql_snapshot_001, err);
    if (st != PGS_OK)
        return st;
    st = pgs_write_meta(&d, "pgskew-collect", err);
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(PART); i++)
        st = PART[i](&d, snap, 1, err);
    if (st == PGS_OK)
        st = pgs_database_save(&d, err);
    pgs_database_close(&d);
    return st;
}

/* Bytes that a file name keeps; everything else becomes %XX. */
static void put_name(pgs_buf *out, const char *text, const char *keep) {
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr(keep, *s);
        pgs_buf_format(out, plain ? "%c" : "%%%02X", *s);
    }
}

pgs_status pgs_snapshot_file_name(const pgs_snapshot_head *head, char **out, pgs_err *err) {
    char time[PGS_TIME_TEXT_MAX];
    pgs_buf name = {0};
    put_name(&name, head->database ? head->database : head->source, "_-");
    pgs_buf_text(&name, ".");
    put_name(&name, head->table_name, "_-.");
    pgs_buf_format(&name, "-%s.db", pgs_time_compact(head->taken_us, time));
    if (name.failed) {
        pgs_buf_reset(&name);
        return pgs_no_memory(err);
    }
    *out = name.data;
    return PGS_OK;
}
