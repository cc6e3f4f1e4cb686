/* Leaves in batches, so that the collector is a guest nobody has to fear.
 *
 * Each batch runs under a savepoint and is rolled back to it, which keeps the moment and gives up
 * the locks: whatever the table's size, the collector holds locks on one batch of leaves only.
 * A batch that is refused a lock is repeated leaf by leaf; a leaf that is refused again stays
 * unmeasured. Sizes take and return one leaf's lock after the other, so their batches are larger,
 * and a refused one is first repeated in batches of the usual length.
 *
 * All waits together may cost WAIT_BUDGET_MS, refused or granted in the end; then nothing waits any
 * more. The server does not tell how long a statement waited. Where rows are counted, the step that
 * takes the locks is sent twice: the second time they are held, and the difference was waiting.
 * Where sizes are read, the server's clock comes with every leaf, and what took much longer than
 * the others waited.
 *
 * TRUNCATE and table rewrites do not respect old snapshots, and neither does DROP: a leaf whose
 * storage is not where this transaction's catalog has it is marked as changed, never counted. */
#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

#define GIB               1073741824.0
#define WAIT_BUDGET_MS    1000.0
#define NO_WAIT_MS        1.0     /* less than that cannot be told from work */
#define LARGE_FACTOR      4.0     /* a leaf may need that much more time than others do */
#define STATEMENT_MS      30000.0 /* and as much again for each GiB */
#define LISTING_BYTES     0.0
#define PROGRESS_EVERY_MS 1000.0

/* One walk over the leaves. `read` does the work for leaf[index[0 .. n-1]]. */
typedef struct pass pass;
struct pass {
    pgs_pg *pg;
    pgs_reading *reading;
    pgs_leaf_state from;
    double batch_bytes; /* a batch is cut when it would hold more */
    size_t batch_leaves;
    const char *index_scans;
    pgs_status (*read)(pass *walk, const size_t *index, size_t n, pgs_err *err);
    size_t transaction_leaves;      /* since this transaction began */
    double done_bytes, total_bytes; /* heap */
    double started_ms, said_ms;
};

/* ---- transactions and savepoints ---- */

static int statement_timeout_ms(const pgs_pg *pg, double bytes) {
    if (pg->options->statement_timeout_ms > 0)
        return pg->options->statement_timeout_ms;
    double ms = STATEMENT_MS * (1 + bytes / GIB);
    return ms < 2e9 ? (int)ms : 2000000000;
}

static int lock_timeout_ms(const pgs_pg *pg, double waited_ms) {
    double left = WAIT_BUDGET_MS - waited_ms, ms = pg->options->lock_timeout_ms;
    if (ms > left)
        ms = left;
    return ms < 1 ? 1 : (int)ms; /* 0 would wait for ever */
}

/* `sql` with its settings filled in, to *text, and how long its statements may take. */
static pgs_status fill_settings(const pgs_pg *pg, const char *sql, double bytes, double waited_ms,
                                const char *index_scans, char **text, int *timeout_ms,
                                pgs_err *err) {
    char lock[16], statement[16], workers[16] = "DEFAULT";
    int statement_ms = statement_timeout_ms(pg, bytes);
    *timeout_ms = statement_ms;
    snprintf(lock, sizeof lock, "%d", lock_timeout_ms(pg, waited_ms));
    snprintf(statement, sizeof statement, "%d", statement_ms);
    if (pg->options->parallel_workers >= 0)
        snprintf(workers, sizeof workers, "%d", pg->options->parallel_workers);
    const pgs_pg_fill fill[] = {{"lock_timeout", lock},
                                {"statement_timeout", statement},
                                {"index_scans", index_scans},
                                {"parallel_workers", workers}};
    return pgs_pg_template(sql, fill, PGS_COUNT_OF(fill), text, err);
}

static pgs_status run_template(pgs_pg *pg, const char *what, const char *sql, double bytes,
                               double waited_ms, const char *index_scans, pgs_err *err) {
    char *text;
    int timeout_ms;
    pgs_status st = fill_settings(pg, sql, bytes, waited_ms, index_scans, &text, &timeout_ms, err);
    if (st)
        return st;
    if (timeout_ms > pg->statement_ms) /* the statements that set it may take the time before */
        pg->statement_ms = timeout_ms;
    st = pgs_pg_run(pg, what, text, err);
    pg->statement_ms = timeout_ms;
    pgs_free(text);
    return st;
}

pgs_status pgs_pg_begin(pgs_pg *pg, pgs_err *err) {
    return run_template(pg, "begin to read", pgs_sql_pg_begin, LISTING_BYTES, 0, "on", err);
}

/* The leaves as this transaction sees them; those that are gone are marked. */
static pgs_status take_filenodes(pass *walk, const PGresult *answer, size_t from, size_t to,
                                 pgs_err *err) {
    for (size_t i = from; i < to; i++)
        walk->reading->leaf[i].filenode = -1;
    for (int n = 0; n < PQntuples(answer); n++) {
        pgs_pg_row row = {.result = answer, .row = n};
        pgs_leaf *leaf = pgs_pg_leaf_of(walk->reading, pgs_pg_next_int(&row));
        int64_t filenode = pgs_pg_next_int(&row);
        if (row.bad || !leaf)
            return pgs_pg_nonsense("look at the partitions again", err);
        leaf->filenode = filenode;
    }
    return PGS_OK;
}

static char *oid_array(const pgs_reading *reading, const size_t *index, size_t n) {
    pgs_buf buf = {0};
    for (size_t i = 0; i < n; i++)
        pgs_buf_format(&buf, "%c%lld", i ? ',' : '{', (long long)reading->leaf[index[i]].oid);
    pgs_buf_text(&buf, "}");
    char *text = buf.failed ? NULL : pgs_strdup(buf.data);
    pgs_buf_reset(&buf);
    return text;
}

/* A new moment, for up to PGS_TRANSACTION_LEAVES leaves from leaf[from] on. */
static pgs_status next_transaction(pass *walk, size_t from, pgs_err *err) {
    pgs_status st = pgs_pg_run(walk->pg, "end a transaction", "COMMIT", err);
    if (!st)
        st = pgs_pg_begin(walk->pg, err);
    if (st || walk->from == PGS_LEAF_LISTED)
        return st;
    size_t index[PGS_TRANSACTION_LEAVES], n = 0;
    while (n < PGS_TRANSACTION_LEAVES && from + n < walk->reading->n_leaves) {
        index[n] = from + n;
        n++;
    }
    char *oids = oid_array(walk->reading, index, n);
    if (!oids)
        return pgs_no_memory(err);
    const char *param[] = {oids};
    pgs_pg_question question = {
        "look at the partitions again", pgs_sql_pg_filenodes, 1, param, 2, false};
    PGresult *answer;
    st = pgs_pg_ask(walk->pg, &question, &answer, err);
    if (!st)
        st = take_filenodes(walk, answer, from, from + n, err);
    PQclear(answer);
    pgs_free(oids);
    return st;
}

/* ---- one batch ---- */

static double heap_bytes(const pass *walk, const size_t *index, size_t n) {
    double bytes = 0;
    for (size_t i = 0; i < n; i++)
        if (walk->reading->leaf[index[i]].heap_bytes > 0)
            bytes += walk->reading->leaf[index[i]].heap_bytes;
    return bytes;
}

/* The table, column or schema is not there, though it was when the leaves were listed. */
static const char *const GONE[] = {"42P01", "42703", "3F000"};

/* What a refusal makes of a leaf; PGS_LEAF_STATE_COUNT: it was another failure. */
static pgs_leaf_state refusal(const pgs_pg *pg) {
    if (strcmp(pg->sqlstate, "55P03") == 0)
        return PGS_LEAF_LOCKED;
    for (size_t i = 0; i < PGS_COUNT_OF(GONE); i++)
        if (strcmp(pg->sqlstate, GONE[i]) == 0)
            return PGS_LEAF_CHANGED;
    return PGS_LEAF_STATE_COUNT;
}

/* Read under a savepoint, and give the locks back. *refused says why the leaves could not be
 * read; PGS_LEAF_STATE_COUNT: they were. */
static pgs_status read_guarded(pass *walk, const size_t *index, size_t n, pgs_leaf_state *refused,
                               pgs_err *err) {
    pgs_pg *pg = walk->pg;
    *refused = PGS_LEAF_STATE_COUNT;
    pgs_status st = run_template(pg, "begin a batch", pgs_sql_pg_batch, heap_bytes(walk, index, n),
                                 walk->reading->waited_ms, walk->index_scans, err);
    if (st)
        return st;
    pgs_err why;
    pg->sqlstate[0] = '\0';
    double start_ms = pgs_pg_clock_ms();
    st = walk->read(walk, index, n, &why);
    if (st)
        *refused = refusal(pg);
    if (st && *refused == PGS_LEAF_STATE_COUNT)
        return pgs_pg_pass_on(st, &why, err);
    if (st)
        walk->reading->waited_ms += pgs_pg_clock_ms() - start_ms;
    return pgs_pg_run(pg, "end a batch", "ROLLBACK TO SAVEPOINT pgskew; RELEASE SAVEPOINT pgskew",
                      err);
}

static pgs_status read_usual(pass *walk, const size_t *index, size_t n, pgs_err *err) {
    pgs_leaf_state refused;
    pgs_status st = read_guarded(walk, index, n, &refused, err);
    if (st || refused == PGS_LEAF_STATE_COUNT)
        return st;
    for (size_t i = 0; !st && i < n; i++) {
        st = read_guarded(walk, &index[i], 1, &refused, err);
        if (!st && refused != PGS_LEAF_STATE_COUNT)
            walk->reading->leaf[index[i]].state = refused;
    }
    return st;
}

/* A large batch that is refused is repeated in usual ones. */
static pgs_status read_batch(pass *walk, const size_t *index, size_t n, pgs_err *err) {
    if (n <= PGS_BATCH_LEAVES)
        return read_usual(walk, index, n, err);
    pgs_leaf_state refused;
    pgs_status st = read_guarded(walk, index, n, &refused, err);
    if (st || refused == PGS_LEAF_STATE_COUNT)
        return st;
    for (size_t i = 0; !st && i < n; i += PGS_BATCH_LEAVES)
        st = read_usual(walk, &index[i], n - i < PGS_BATCH_LEAVES ? n - i : PGS_BATCH_LEAVES, err);
    return st;
}

static void show_progress(pass *walk, const size_t *index, size_t n) {
    double now_ms = pgs_pg_clock_ms();
    walk->done_bytes += heap_bytes(walk, index, n);
    if (walk->total_bytes <= 0 || now_ms - walk->said_ms < PROGRESS_EVERY_MS)
        return;
    double done = walk->done_bytes / walk->total_bytes;
    if (done <= 0 || done >= 1)
        return;
    walk->said_ms = now_ms;
    pgs_pg_say(walk->pg->listener, "read %.1f of %.1f MiB (%.0f %%), about %.0f s left",
               walk->done_bytes / 1048576, walk->total_bytes / 1048576, 100 * done,
               (now_ms - walk->started_ms) / 1e3 * (1 - done) / done);
}

/* ---- a walk over all leaves ---- */

static pgs_status walk_range(pass *walk, size_t from, size_t to, pgs_err *err) {
    const pgs_leaf *leaf = walk->reading->leaf;
    size_t index[PGS_TRANSACTION_LEAVES], n = 0;
    double bytes = 0;
    pgs_status st = PGS_OK;
    for (size_t i = from; !st && i <= to; i++) {
        double more = i < to && leaf[i].heap_bytes > 0 ? leaf[i].heap_bytes : 0;
        bool full = n == walk->batch_leaves || bytes + more > walk->batch_bytes;
        if (n > 0 && (i == to || full)) {
            st = read_batch(walk, index, n, err);
            show_progress(walk, index, n);
            n = 0;
            bytes = 0;
        }
        if (i < to && leaf[i].state == walk->from) {
            index[n++] = i;
            bytes += more;
        }
    }
    return st;
}

static pgs_status walk_all(pass *walk, pgs_err *err) {
    size_t n = walk->reading->n_leaves;
    bool several = n > PGS_TRANSACTION_LEAVES;
    pgs_status st = PGS_OK;
    walk->started_ms = walk->said_ms = pgs_pg_clock_ms();
    for (size_t from = 0; !st && from < n; from += PGS_TRANSACTION_LEAVES) {
        size_t to = from + PGS_TRANSACTION_LEAVES < n ? from + PGS_TRANSACTION_LEAVES : n;
        bool counting = walk->from == PGS_LEAF_SIZED;
        if (from > 0 || (several && counting))
            st = next_transaction(walk, from, err);
        walk->reading->n_moments += counting;
        if (!st)
            st = walk_range(walk, from, to, err);
    }
    return st;
}

pgs_status pgs_pg_try_in_time(pgs_pg *pg, const pgs_reading *reading,
                              const pgs_pg_question *question, PGresult **out, pgs_err *why,
                              pgs_err *err) {
    char *begin;
    int timeout_ms;
    *out = NULL;
    pgs_status st = fill_settings(pg, pgs_sql_pg_batch, LISTING_BYTES, reading->waited_ms, "on",
                                  &begin, &timeout_ms, err);
    if (st)
        return st;
    st = pgs_pg_try(pg, question, begin, out, why, err);
    pgs_free(begin);
    return st;
}

/* ---- sizes ---- */

static pgs_status take_size(pass *walk, pgs_pg_row *row, double *done_us, pgs_err *err) {
    pgs_leaf *leaf = pgs_pg_leaf_of(walk->reading, pgs_pg_next_int(row));
    double heap = pgs_pg_next_count(row), table = pgs_pg_next_count(row);
    double indexes = pgs_pg_next_count(row), toast = pgs_pg_next_count(row);
    const char *bounds = pgs_pg_next_text(row);
    *done_us = (double)pgs_pg_next_int(row);
    if (row->bad || !leaf)
        return pgs_pg_nonsense("read sizes", err);
    if (isnan(heap + table + indexes + toast))
        return PGS_OK; /* dropped: stays as it is */
    leaf->heap_bytes = heap;
    leaf->metric[PGS_TABLE_BYTES] = table;
    leaf->metric[PGS_INDEX_BYTES] = indexes;
    leaf->metric[PGS_TOAST_BYTES] = toast;
    leaf->metric[PGS_SIZE_BYTES] = table + indexes + toast;
    leaf->bounds = bounds ? pgs_arena_text(walk->reading->arena, bounds) : NULL;
    leaf->state = PGS_LEAF_SIZED;
    return bounds && !leaf->bounds ? pgs_no_memory(err) : PGS_OK;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How long the leaves of a batch waited for locks, from when each was done, one after the other. */
static double waited_ms(const double *done_us, size_t n) {
    double took[PGS_TRANSACTION_LEAVES], waited_us = 0;
    for (size_t i = 0; i < n; i++)
        took[i] = done_us[i] - (i > 0 ? done_us[i - 1] : 0);
    qsort(took, n, sizeof *took, by_value);
    double usual_us = n > 0 ? took[n / 2] : 0;
    if (n < 3) /* too few to compare */
        usual_us = 0;
    for (size_t i = 0; i < n; i++)
        if (took[i] > LARGE_FACTOR * usual_us + NO_WAIT_MS * 1e3)
            waited_us += took[i] - usual_us;
    return waited_us / 1e3;
}

static pgs_status read_sizes(pass *walk, const size_t *index, size_t n, pgs_err *err) {
    char *oids = oid_array(walk->reading, index, n);
    if (!oids)
        return pgs_no_memory(err);
    const char *param[] = {oids};
    pgs_pg_question question = {"read sizes", pgs_sql_pg_sizes, 1, param, 7, false};
    PGresult *answer;
    double done_us[PGS_TRANSACTION_LEAVES];
    pgs_status st = pgs_pg_ask(walk->pg, &question, &answer, err);
    pgs_free(oids);
    size_t n_rows = (size_t)PQntuples(answer);
    if (!st && n_rows > n)
        st = pgs_pg_nonsense("read sizes", err);
    for (size_t i = 0; !st && i < n_rows; i++) {
        pgs_pg_row row = {.result = answer, .row = (int)i};
        st = take_size(walk, &row, &done_us[i], err);
    }
    PQclear(answer);
    if (!st)
        walk->reading->waited_ms += waited_ms(done_us, n_rows);
    for (size_t i = 0; !st && i < n; i++)
        if (walk->reading->leaf[index[i]].state == PGS_LEAF_LISTED)
            walk->reading->leaf[index[i]].state = PGS_LEAF_CHANGED;
    return st;
}

/* ---- rows, counted or estimated ---- */

static void remark_on_batch(pass *walk, const size_t *index, size_t n) {
    pgs_buf names = {0};
    for (size_t i = 0; i < n; i++)
        pgs_buf_format(&names, "%s%s", i ? ", " : "", walk->reading->leaf[index[i]].name);
    pgs_pg_remark(walk->pg, "the next reads %.0f bytes of %zu partitions: %s",
                  heap_bytes(walk, index, n), n, pgs_buf_view(&names));
    pgs_buf_reset(&names);
}

static pgs_status read_counts(pass *walk, const size_t *index, size_t n, pgs_err *err) {
    char *sql;
    pgs_status st = pgs_pg_count_sql(walk->pg, walk->reading, index, n, &sql, err);
    if (st)
        return st;
    pgs_pg_question question = {"count the rows", sql, 0, NULL, PGS_COUNT_COLUMNS, true};
    PGresult *answer;
    remark_on_batch(walk, index, n);
    double waited = 0;
    st = pgs_pg_ask_locking(walk->pg, &question, &waited, &answer, err);
    if (waited > NO_WAIT_MS)
        walk->reading->waited_ms += waited;
    if (!st && answer)
        st = pgs_pg_count_answer(walk->pg, walk->reading, index, n, answer, err);
    PQclear(answer);
    pgs_free(sql);
    return st;
}

/* As the planner does: the density that the last VACUUM or ANALYZE saw, times today's pages. An
 * empty file holds no rows, whatever the statistics say. Without statistics the planner guesses
 * from the width of a row; we do not. */
static void estimate(const pgs_reading *reading, pgs_leaf *leaf) {
    double rows = leaf->metric[PGS_ROW_ESTIMATE];
    if (leaf->heap_bytes == 0)
        leaf->metric[PGS_CHUNK_COUNT] = 0;
    else if (rows >= 0 && leaf->pages > 0)
        leaf->metric[PGS_CHUNK_COUNT] =
            rint(rows / leaf->pages * (leaf->heap_bytes / (double)reading->block_bytes));
    leaf->state = isnan(leaf->metric[PGS_CHUNK_COUNT]) ? PGS_LEAF_UNKNOWN : PGS_LEAF_MEASURED;
}

/* A leaf that stayed locked ends the whole run, unless the caller takes what there is. */
static pgs_status check_complete(const pgs_pg *pg, const pgs_reading *reading, pgs_err *err) {
    size_t n = 0;
    const pgs_leaf *first = NULL;
    for (size_t i = 0; i < reading->n_leaves; i++) {
        const pgs_leaf *leaf = &reading->leaf[i];
        if (leaf->state != PGS_LEAF_LOCKED && leaf->state != PGS_LEAF_CHANGED)
            continue;
        first = first ? first : leaf;
        n++;
    }
    if (n == 0 || pg->options->allow_partial)
        return PGS_OK;
    const char *why = first->state == PGS_LEAF_LOCKED
                          ? "is locked by another session"
                          : "was detached, dropped, truncated or rewritten meanwhile";
    pgs_status st =
        n == 1 ? pgs_fail(err, PGS_E_RETRY, "partition %s %s", first->name, why)
               : pgs_fail(err, PGS_E_RETRY, "%zu partitions could not be read; the first, %s, %s",
                          n, first->name, why);
    pgs_hint(err, "try again later, or take the others with --allow-partial");
    return st;
}

static void announce(pass *walk) {
    const pgs_reading *reading = walk->reading;
    size_t n = 0;
    for (size_t i = 0; i < reading->n_leaves; i++) {
        n += reading->leaf[i].state == PGS_LEAF_SIZED;
        walk->total_bytes += heap_bytes(walk, &i, 1);
    }
    pgs_pg_say(walk->pg->listener, "%s: %s %.0f bytes (%.1f MiB) in %zu partitions",
               reading->table_name, walk->pg->script ? "would read" : "reading", walk->total_bytes,
               walk->total_bytes / 1048576, n);
    pgs_pg_remark(walk->pg, "from here on rows are read: %.0f bytes (%.1f MiB) of %zu partitions",
                  walk->total_bytes, walk->total_bytes / 1048576, n);
}

pgs_status pgs_pg_measure(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    pass sizes = {.pg = pg,
                  .reading = reading,
                  .from = PGS_LEAF_LISTED,
                  .batch_bytes = INFINITY,
                  .batch_leaves = PGS_TRANSACTION_LEAVES,
                  .index_scans = "on",
                  .read = read_sizes};
    pgs_status st = walk_all(&sizes, err);
    for (size_t i = 0; !st && i < reading->n_leaves; i++)
        if (pg->options->counts == PGS_COUNTS_ESTIMATE && reading->leaf[i].state == PGS_LEAF_SIZED)
            estimate(reading, &reading->leaf[i]);
    if (!st)
        st = check_complete(pg, reading, err);
    if (st || pg->options->counts == PGS_COUNTS_ESTIMATE)
        return st;
    pass counts = {.pg = pg,
                   .reading = reading,
                   .from = PGS_LEAF_SIZED,
                   .batch_bytes = GIB,
                   .batch_leaves = PGS_BATCH_LEAVES,
                   .index_scans = "off",
                   .read = read_counts};
    announce(&counts);
    st = walk_all(&counts, err);
    return st ? st : check_complete(pg, reading, err);
}
