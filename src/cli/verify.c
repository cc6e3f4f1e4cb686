/* pgskew verify: is a history, or a snapshot, what was once written? Pages, blocks and their
 * checksums first; then every moment is put together again and compared with what was kept of it:
 * its summary, and the hash of all that was observed. */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

#define MAX_SAID 20

typedef struct verifying {
    const char *path;
    size_t n_faults;
    pgs_progress progress;
    pgs_history *history;
    const pgs_series *series;
    pgs_summary *kept; /* by moment */
    size_t n_blocks;
    bool *sound; /* by time block */
} verifying;

static void fault(void *context, const char *sentence) {
    verifying *k = context;
    pgs_buf line = {0};
    pgs_progress_end(&k->progress);
    if (k->n_faults++ >= MAX_SAID)
        return;
    pgs_text_escape(&line, sentence);
    printf("%s\n", pgs_buf_view(&line));
    pgs_buf_reset(&line);
}

static void step(void *context, size_t done, size_t total) {
    verifying *k = context;
    pgs_progress_step(&k->progress, done, total);
}

/* Bad data is a fault that was found; everything else keeps us from looking. */
static pgs_status found(verifying *k, pgs_status st, const pgs_err *err) {
    if (st != PGS_E_DATA)
        return st;
    fault(k, err->msg);
    return PGS_OK;
}

/* ---- a moment ---- */

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* Which part of a moment's summary is not what its values give; NULL: none. Totals were compared
 * when the moment was read. */
static const char *difference(const pgs_summary *kept, const pgs_summary *now) {
    const pgs_moment *was = &kept->moment, *is = &now->moment;
    static const struct {
        const char *stddev, *gini, *skew;
    } WORD[PGS_MEASURE_COUNT] = {{"chunk_count_stddev", "chunk_gini", "max_chunk_skew"},
                                 {"size_bytes_stddev", "size_gini", "max_size_skew"}};
    for (pgs_measure m = 0; m < PGS_MEASURE_COUNT; m++) {
        if (!same(kept->stddev[m], now->stddev[m]))
            return WORD[m].stddev;
        if (!same(kept->gini[m], now->gini[m]))
            return WORD[m].gini;
        if (!same(kept->max_skew[m], now->max_skew[m]))
            return WORD[m].skew;
    }
    if (was->n_parts != is->n_parts)
        return "partition_count";
    return memcmp(kept->n_health, now->n_health, sizeof kept->n_health) == 0
               ? NULL
               : "a count of statuses";
}

static void fault_at(verifying *k, size_t t, const char *what, const char *why) {
    char sentence[600], time[PGS_TIME_TEXT_MAX];
    snprintf(sentence, sizeof sentence, "\"%.300s\" is damaged: %s of %s %s", k->path, what,
             pgs_time_format(k->series->moment[t].taken_us, time), why);
    fault(k, sentence);
}

static pgs_status compare(verifying *k, size_t t, const pgs_snapshot *snap, pgs_err *err) {
    pgs_summary now;
    uint64_t given, given_now;
    int64_t hash;
    pgs_status st = pgs_summary_of(snap, &now, &given_now, err);
    if (st == PGS_OK)
        st = pgs_history_given(k->history, t, &given, err);
    if (st == PGS_OK)
        st = pgs_history_hash(k->history, t, &hash, err);
    if (st != PGS_OK)
        return st;
    const char *what = difference(&k->kept[t], &now);
    if (snap->head.taken_us != k->kept[t].moment.taken_us)
        fault_at(k, t, "taken_at", "is not in order");
    else if (what)
        fault_at(k, t, what, "is not what its values give");
    else if (given != given_now)
        fault_at(k, t, "given_metrics", "is not what its values give");
    else if (hash != pgs_snapshot_hash(snap))
        fault_at(k, t, "something", "is not what was packed");
    else if (memcmp(&k->series->moment[t], &now.moment, sizeof now.moment) != 0)
        fault_at(k, t, "the tile of moments", "is not what its values give");
    return PGS_OK;
}

static pgs_status verify_moment(verifying *k, size_t t, pgs_err *err) {
    pgs_snapshot snap;
    pgs_err inner = {0};
    char time[PGS_TIME_TEXT_MAX], sentence[600];
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read(k->history, t, &pgs_everything, &snap, &inner);
    if (st == PGS_E_DATA) {
        pgs_time_format(k->series->moment[t].taken_us, time);
        snprintf(sentence, sizeof sentence, strstr(inner.msg, time) ? "%.480s" : "%.480s (%s)",
                 inner.msg, time);
        fault(k, sentence);
        return PGS_OK;
    }
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, &inner);
    if (st == PGS_OK)
        st = compare(k, t, &snap, &inner);
    pgs_snapshot_reset(&snap);
    if (st != PGS_OK && err)
        *err = inner;
    return st;
}

/* The plain rows are what other programs read. */
static pgs_status verify_rows(verifying *k, pgs_err *err) {
    pgs_snapshot snap;
    int64_t hash = 0;
    size_t t = k->series->n_moments - 1;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read_rows(k->history, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_verify(&snap, err);
    if (st == PGS_OK)
        st = pgs_history_hash(k->history, t, &hash, err);
    if (st == PGS_OK && hash != pgs_snapshot_hash(&snap))
        fault_at(k, t, "the plain rows", "are not what was packed");
    pgs_snapshot_reset(&snap);
    return found(k, st, err);
}

static void fault_of_lane(verifying *k, size_t lane, const char *what) {
    char sentence[600];
    snprintf(sentence, sizeof sentence, "\"%.300s\" is damaged: lane %zu is not %s", k->path, lane,
             what);
    fault(k, sentence);
}

/* What the lanes are called now is what their last changes say. */
static pgs_status verify_lanes(verifying *k, pgs_err *err) {
    const pgs_lane_change *change;
    size_t n;
    pgs_status st = pgs_history_changes(k->history, &change, &n, err);
    for (size_t i = 0; st == PGS_OK && i < n; i++) {
        if ((i + 1 < n && change[i + 1].lane == change[i].lane) ||
            change[i].lane >= k->series->n_lanes)
            continue;
        const pgs_lane *lane = &k->series->lane[change[i].lane];
        if (lane->num == change[i].num && lane->relid == change[i].relid &&
            pgs_text_same(lane->name, change[i].name))
            continue;
        fault_of_lane(k, change[i].lane, "what its last change says");
    }
    return found(k, st, err);
}

/* From when to when the lanes of a group were there, by their tiles of presence. */
static pgs_status find_spans(verifying *k, size_t group, double *rows, pgs_lane *span,
                             pgs_err *err) {
    pgs_tile_source tiles = pgs_history_tiles(k->history);
    pgs_status st = PGS_OK;
    for (size_t b = 0; st == PGS_OK && b * PGS_TILE_MOMENTS < k->series->n_moments; b++) {
        pgs_tile tile;
        st = tiles.read(tiles.context, 0, PGS_PRESENCE, group, b, &tile, err);
        if (st != PGS_OK)
            break;
        pgs_tile_rows(&tile, rows);
        for (size_t t = 0; t < tile.n_moments; t++)
            for (size_t i = 0; i < tile.n_lanes; i++) {
                if (!(rows[t * PGS_TILE_LANES + i] > 0))
                    continue;
                span[i].last = b * PGS_TILE_MOMENTS + t;
                span[i].first = span[i].first < span[i].last ? span[i].first : span[i].last;
            }
    }
    return st;
}

/* The lanes were there when they say; only of a history whose blocks are all sound. */
static pgs_status verify_spans(verifying *k, pgs_err *err) {
    double *rows = pgs_alloc(PGS_TILE_MOMENTS * PGS_TILE_LANES, sizeof *rows);
    pgs_status st = rows ? PGS_OK : pgs_no_memory(err);
    for (size_t first = 0; st == PGS_OK && first < k->series->n_lanes; first += PGS_TILE_LANES) {
        pgs_lane span[PGS_TILE_LANES];
        for (size_t i = 0; i < PGS_TILE_LANES; i++)
            span[i] = (pgs_lane){.first = SIZE_MAX};
        st = find_spans(k, first / PGS_TILE_LANES, rows, span, err);
        for (size_t i = first; st == PGS_OK && i < k->series->n_lanes && i < first + PGS_TILE_LANES;
             i++)
            if (k->series->lane[i].first != span[i - first].first ||
                k->series->lane[i].last != span[i - first].last)
                fault_of_lane(k, i, "there from when to when it says");
    }
    pgs_free(rows);
    return found(k, st, err);
}

/* ---- a history ---- */

static pgs_status verify_moments(verifying *k, pgs_err *err) {
    size_t n = k->series->n_moments;
    pgs_status st = pgs_history_summaries(k->history, k->kept, err);
    k->progress.what = "verifying moments";
    pgs_history_keep(k->history);
    for (size_t t = 0; st == PGS_OK && t < n; t++) {
        if (k->sound[t / PGS_TILE_MOMENTS])
            st = verify_moment(k, t, err);
        step(k, t + 1, n);
    }
    pgs_progress_end(&k->progress);
    if (st == PGS_OK)
        st = verify_lanes(k, err);
    if (st == PGS_OK && k->n_faults == 0)
        st = verify_spans(k, err);
    return st == PGS_OK && n > 0 && k->sound[(n - 1) / PGS_TILE_MOMENTS] ? verify_rows(k, err) : st;
}

static pgs_status verify_open(verifying *k, pgs_err *err) {
    const pgs_history_watcher watcher = {.fault = fault, .step = step, .context = k};
    pgs_status st = pgs_history_series(k->history, &k->series, err);
    if (st != PGS_OK)
        return st;
    k->sound = pgs_alloc(k->series->n_moments / PGS_TILE_MOMENTS + 1, sizeof *k->sound);
    k->kept = pgs_alloc(k->series->n_moments + 1, sizeof *k->kept);
    if (!k->sound || !k->kept)
        return pgs_no_memory(err);
    k->progress.what = "verifying blocks";
    st = pgs_history_check(k->history, &watcher, k->sound, &k->n_blocks, err);
    pgs_progress_end(&k->progress);
    return st == PGS_OK ? verify_moments(k, err) : st;
}

static pgs_status verify_history(verifying *k, pgs_err *err) {
    pgs_status st = pgs_history_open(k->path, 1, &k->history, err);
    if (st == PGS_OK && pgs_history_warning(k->history))
        fprintf(stderr, "pgskew: %s\n", pgs_history_warning(k->history));
    if (st == PGS_OK)
        st = verify_open(k, err);
    st = found(k, st, err);
    if (st == PGS_OK && k->n_faults == 0)
        printf("%s: sound, %zu %s of %zu %s in %zu blocks\n", k->path, k->series->n_moments,
               k->series->n_moments == 1 ? "moment" : "moments", k->series->n_lanes,
               k->series->n_lanes == 1 ? "partition" : "partitions", k->n_blocks);
    pgs_history_close(k->history);
    pgs_free(k->sound);
    pgs_free(k->kept);
    k->history = NULL;
    k->sound = NULL;
    k->kept = NULL;
    return st;
}

/* ---- snapshots ---- */

static pgs_status verify_snapshot(verifying *k, const char *path, pgs_err *err) {
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_snapshot_head head = {.path = (char *)path};
    pgs_status st = pgs_fetch(&head, &pgs_everything, &snap, err);
    pgs_snapshot_reset(&snap);
    return pgs_snapshot_is_one(path) ? found(k, st, err) : st; /* what is not ours is not damaged */
}

/* What lies in it and is ours; other files are none of our business. */
static pgs_status verify_entry(verifying *k, const char *name, size_t *n_histories,
                               size_t *n_snapshots, pgs_err *err) {
    pgs_buf path = {0};
    pgs_status st = PGS_OK;
    pgs_buf_format(&path, "%s%s%s", k->path, k->path[strlen(k->path) - 1] == '/' ? "" : "/", name);
    if (path.failed)
        return pgs_no_memory(err);
    if (pgs_history_is_one(path.data)) {
        verifying inner = {.path = path.data};
        st = verify_history(&inner, err);
        k->n_faults += inner.n_faults;
        (*n_histories)++;
    } else if (pgs_snapshot_is_one(path.data)) {
        st = verify_snapshot(k, path.data, err);
        (*n_snapshots)++;
    }
    pgs_buf_reset(&path);
    return st;
}

static pgs_status verify_directory(verifying *k, pgs_err *err) {
    struct dirent **entry;
    size_t n_histories = 0, n_snapshots = 0;
    int n = scandir(k->path, &entry, NULL, alphasort);
    pgs_status st =
        n >= 0 ? PGS_OK : pgs_fail(err, PGS_E_IO, "cannot read directory \"%s\"", k->path);
    k->progress.what = "verifying snapshots";
    for (int i = 0; i < n; i++) {
        if (st == PGS_OK && entry[i]->d_name[0] != '.')
            st = verify_entry(k, entry[i]->d_name, &n_histories, &n_snapshots, err);
        step(k, (size_t)i + 1, (size_t)n);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    pgs_progress_end(&k->progress);
    if (st == PGS_OK && n_histories + n_snapshots == 0) {
        st = pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" holds no snapshot and no history", k->path);
        pgs_hint(err, "name the directory that holds them");
    }
    if (st == PGS_OK && k->n_faults == 0 && n_snapshots > 0)
        printf("%s: sound, %zu %s\n", k->path, n_snapshots,
               n_snapshots == 1 ? "snapshot" : "snapshots");
    return st;
}

static pgs_status verify_file(verifying *k, pgs_err *err) {
    pgs_status st = verify_snapshot(k, k->path, err);
    if (st == PGS_OK && k->n_faults == 0)
        printf("%s: sound, 1 snapshot\n", k->path);
    return st;
}

/* ---- the command ---- */

pgs_status pgs_verify(const char *path, pgs_err *err) {
    struct stat info;
    verifying k = {.path = path};
    pgs_status st = stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? verify_directory(&k, err)
                    : pgs_history_is_one(path)                      ? verify_history(&k, err)
                                                                    : verify_file(&k, err);
    if (k.n_faults > MAX_SAID)
        printf("and %zu more\n", k.n_faults - MAX_SAID);
    if (st != PGS_OK || k.n_faults == 0)
        return st;
    st = pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %zu %s found", path, k.n_faults,
                  k.n_faults == 1 ? "fault was" : "faults were");
    pgs_hint(err, "restore it from a copy, or pack the snapshots again");
    return st;
}

int pgs_run_verify(const pgs_parsed *p) {
    int code = 0;
    for (int i = 0; i < p->n_arguments; i++) {
        pgs_err err = {0};
        pgs_status st = pgs_verify(p->argument[i], &err);
        fflush(stdout); /* faults come before the sentence about them */
        int one = st == PGS_OK ? 0 : pgs_complain(st, &err);
        code = code == 0 ? one : code;
    }
    return code;
}
