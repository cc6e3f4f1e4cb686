/* Packed histories: all moments of one series in one SQLite file (schemas/history_001.sql). */
#ifndef PGSKEW_HISTORY_H
#define PGSKEW_HISTORY_H

#include "pgskew/frame.h"
#include "pgskew/series.h"
#include "pgskew/store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_HISTORY_APPLICATION_ID 0x50475348 /* "PGSH" */

/* Whether the file at `path` begins like a history. False also where it cannot be read. */
bool pgs_history_is_one(const char *path);

/* ---- reading ---- */

typedef struct pgs_history pgs_history;

/* Open a history that may come from anyone, for `n_readers` (>= 1) threads that all see the same
 * state of it. PGS_E_NO_INPUT: no such file; PGS_E_DATA: not a history of ours, damaged, or from a
 * newer major version; PGS_E_RETRY: it is being changed, or a change lies beside it that cannot be
 * rolled back here. */
pgs_status pgs_history_open(const char *path, size_t n_readers, pgs_history **out,
                            pgs_err *err) PGS_CHECK;
void pgs_history_close(pgs_history *history); /* NULL is fine */

/* The same for one thread, and its series; both NULL where there is no such file. */
pgs_status pgs_history_open_if_there(const char *path, pgs_history **out, const pgs_series **series,
                                     pgs_err *err) PGS_CHECK;

/* What is to be said of the file: a newer version, an unknown metric; NULL: nothing. */
const char *pgs_history_warning(const pgs_history *history);

/* Its moments and lanes, read on the first call and borrowed. PGS_E_DATA: they make no sense. */
pgs_status pgs_history_series(pgs_history *history, const pgs_series **out, pgs_err *err) PGS_CHECK;

/* The plain rows about its moments, into out[n_moments]. PGS_E_DATA: they make no sense, or there
 * is another number of them. */
pgs_status pgs_history_summaries(pgs_history *history, pgs_summary *out, pgs_err *err) PGS_CHECK;

/* Number of moments, and the one taken last at or before `at_us` (PGS_TIME_NONE: the last of all),
 * without reading the others. PGS_E_NO_INPUT: none was. */
pgs_status pgs_history_find(pgs_history *history, int64_t at_us, size_t *moment,
                            pgs_err *err) PGS_CHECK;

/* Its tiles, for as long as it is open. Reading one fails with PGS_E_DATA where its bytes are not
 * what was packed; the message names it. */
pgs_tile_source pgs_history_tiles(pgs_history *history);

/* One moment as a snapshot: what was observed, and derived percentages that came with their source.
 * The other derived values are for pgs_snapshot_derive(). `out` must be initialised. */
pgs_status pgs_history_read(pgs_history *history, size_t moment, const pgs_selection *selection,
                            pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* The daily frame of moments first..last (pgskew/frame.h), arranged; `metrics` has a bit for each
 * metric wanted. Nothing later than `last` is in it. `out` must be initialised. */
pgs_status pgs_history_frame(pgs_history *history, size_t first, size_t last, uint64_t metrics,
                             pgs_frame *out, pgs_err *err) PGS_CHECK;

/* From now on decode whole time blocks, once, and keep the last: for whoever reads many moments in
 * order. It takes the memory of 256 moments. */
void pgs_history_keep(pgs_history *history);

/* What the plain rows of the newest moment say, derived values too: they should say what
 * pgs_history_read() does. `out` must be initialised. */
pgs_status pgs_history_read_rows(pgs_history *history, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* Every change of a lane, by lane, then moment; read on the first call and borrowed. */
pgs_status pgs_history_changes(pgs_history *history, const pgs_lane_change **out, size_t *n,
                               pgs_err *err) PGS_CHECK;

/* A bit for each metric that was observed anywhere, or given. */
pgs_status pgs_history_metrics(pgs_history *history, uint64_t *out, pgs_err *err) PGS_CHECK;

/* A bit for each derived metric of a moment that came with its source. */
pgs_status pgs_history_given(pgs_history *history, size_t moment, uint64_t *out,
                             pgs_err *err) PGS_CHECK;

/* The heads of all moments, oldest first, into the catalog, where `filter` lets them pass. */
pgs_status pgs_history_catalog(pgs_history *history, const pgs_filter *filter, pgs_catalog *catalog,
                               pgs_err *err) PGS_CHECK;

/* A hash of everything that was observed at one moment, as the history keeps it. */
pgs_status pgs_history_hash(pgs_history *history, size_t moment, int64_t *out,
                            pgs_err *err) PGS_CHECK;

/* Who is told what pgs_history_check() finds, and how far it has come. */
typedef struct pgs_history_watcher {
    void (*fault)(void *context, const char *sentence);
    void (*step)(void *context, size_t done, size_t total);
    void *context;
} pgs_history_watcher;

/* Let SQLite check its pages, and read every block: its checksum, its shape, and whether there can
 * be such a block at all. What is wrong is told to the watcher, one sentence each. sound[b]:
 * whether time block b (moments 256 b ..) can be read; there are as many as moments need.
 * *n_blocks: how many were read. PGS_E_DATA: there is more wrong than can be looked at. */
pgs_status pgs_history_check(pgs_history *history, const pgs_history_watcher *watcher, bool *sound,
                             size_t *n_blocks, pgs_err *err) PGS_CHECK;

/* ---- a frame without a history ---- */

/* Makes the same frame out of snapshots, in the order of time, that their history would give. */
typedef struct pgs_framer pgs_framer;

/* `first_us` and `last_us`: when the first and the last of them were taken. */
pgs_status pgs_framer_open(int64_t first_us, int64_t last_us, uint64_t metrics, pgs_framer **out,
                           pgs_err *err) PGS_CHECK;

/* Add a snapshot that is later than all before; `snap` need not live on. */
pgs_status pgs_framer_add(pgs_framer *framer, const pgs_snapshot *snap, pgs_err *err) PGS_CHECK;

/* After the last of them. `out` must be initialised. */
pgs_status pgs_framer_finish(pgs_framer *framer, pgs_frame *out, pgs_err *err) PGS_CHECK;

void pgs_framer_close(pgs_framer *framer); /* NULL is fine */

/* ---- packing ---- */

typedef struct pgs_packer pgs_packer;

typedef enum pgs_pack_mode {
    PGS_PACK_EXTEND,  /* add to the history at `path`; where none is, begin one */
    PGS_PACK_REBUILD, /* begin anew, and replace the history at `path` when it is finished */
} pgs_pack_mode;

/* Whether a moment of `head` may go into the history at `path`, which holds moments of `own`.
 * PGS_E_USAGE: it is of another series, and both are named. */
pgs_status pgs_history_accepts(const char *path, const pgs_snapshot_head *own,
                               const pgs_snapshot_head *head, pgs_err *err) PGS_CHECK;

/* Begin to pack. Until pgs_packer_commit() the file at `path` is as it was, or absent; a run that
 * is killed leaves it so. PGS_E_RETRY: another program is changing it. */
pgs_status pgs_packer_open(const char *path, pgs_pack_mode mode, pgs_packer **out,
                           pgs_err *err) PGS_CHECK;

/* What is packed so far; valid until the next call. */
const pgs_series *pgs_packer_series(const pgs_packer *packer);

/* Add a moment that is later than all before. `snap` is checked and derived; `summary` is of it;
 * `given` has a bit for each derived metric that recomputing would give other values.
 * PGS_E_USAGE: it is of another series; PGS_E_DATA: not later. */
pgs_status pgs_packer_add(pgs_packer *packer, const pgs_snapshot *snap, const pgs_summary *summary,
                          uint64_t given, pgs_err *err) PGS_CHECK;

/* Finish: the file then holds everything that was added, durably. `newest` is the last snapshot
 * that was added; NULL: none was, and nothing is changed. */
pgs_status pgs_packer_commit(pgs_packer *packer, const pgs_snapshot *newest,
                             pgs_err *err) PGS_CHECK;

/* Free it; what was not committed is gone. NULL is fine. */
void pgs_packer_close(pgs_packer *packer);

#ifdef __cplusplus
}
#endif
#endif
