/* Partitions to lanes. From one snapshot to the next hardly anything changes, so the first guess is
 * always the lane that had this place last time. */
#include "store/lanes.h"

#include <string.h>

#include "store/cells.h"

static uint64_t identity(const char *name, int64_t num) {
    return name ? pgs_hash(name, strlen(name), 1) : pgs_hash(&num, sizeof num, 2);
}

static bool is_identity(const pgs_lane *lane, const char *name, int64_t num) {
    if (!name || !lane->name)
        return !name && !lane->name && lane->num == num;
    return strcmp(lane->name, name) == 0;
}

/* ---- the index ---- */

static void enter(pgs_lanes *lanes, size_t lane) {
    const pgs_lane *l = &lanes->lane[lane];
    size_t at = identity(l->name, l->num) & (lanes->n_slots - 1);
    while (lanes->slot[at] != 0)
        at = (at + 1) & (lanes->n_slots - 1);
    lanes->slot[at] = lane + 1;
}

static void index_all(pgs_lanes *lanes) {
    memset(lanes->slot, 0, lanes->n_slots * sizeof *lanes->slot);
    for (size_t i = 0; i < lanes->n; i++)
        enter(lanes, i);
}

static size_t find(const pgs_lanes *lanes, const char *name, int64_t num) {
    if (lanes->n_slots == 0)
        return SIZE_MAX;
    for (size_t at = identity(name, num) & (lanes->n_slots - 1); lanes->slot[at] != 0;
         at = (at + 1) & (lanes->n_slots - 1))
        if (is_identity(&lanes->lane[lanes->slot[at] - 1], name, num))
            return lanes->slot[at] - 1;
    return SIZE_MAX;
}

/* ---- growing ---- */

static void *larger(void *old, size_t n, size_t capacity, size_t size) {
    void *more = pgs_alloc(capacity, size);
    if (more && n > 0)
        memcpy(more, old, n * size);
    return more;
}

static pgs_status grow(pgs_lanes *lanes, pgs_err *err) {
    size_t capacity = lanes->capacity == 0 ? 128 : 2 * lanes->capacity;
    pgs_lane *lane = larger(lanes->lane, lanes->n, capacity, sizeof *lane);
    pgs_lane_facts *facts = larger(lanes->facts, lanes->n, capacity, sizeof *facts);
    size_t *seen = larger(lanes->seen, lanes->n, capacity, sizeof *seen);
    size_t *slot = pgs_alloc(4 * capacity, sizeof *slot);
    if (!lane || !facts || !seen || !slot) {
        pgs_free(lane);
        pgs_free(facts);
        pgs_free(seen);
        pgs_free(slot);
        return pgs_no_memory(err);
    }
    pgs_free(lanes->lane);
    pgs_free(lanes->facts);
    pgs_free(lanes->seen);
    pgs_free(lanes->slot);
    lanes->lane = lane;
    lanes->facts = facts;
    lanes->seen = seen;
    lanes->slot = slot;
    lanes->capacity = capacity;
    lanes->n_slots = 4 * capacity;
    index_all(lanes);
    return PGS_OK;
}

pgs_status pgs_lanes_append(pgs_lanes *lanes, const pgs_lane *lane, pgs_err *err) {
    pgs_status st = lanes->n == lanes->capacity ? grow(lanes, err) : PGS_OK;
    if (st != PGS_OK)
        return st;
    char *name = lane->name ? pgs_strdup(lane->name) : NULL;
    if (lane->name && !name)
        return pgs_no_memory(err);
    lanes->lane[lanes->n] = *lane;
    lanes->lane[lanes->n].name = name;
    enter(lanes, lanes->n++);
    return PGS_OK;
}

void pgs_lanes_reset(pgs_lanes *lanes) {
    for (size_t i = 0; i < lanes->n; i++) {
        pgs_free(lanes->lane[i].name);
        pgs_free(lanes->facts[i].bounds);
    }
    pgs_free(lanes->lane);
    pgs_free(lanes->facts);
    pgs_free(lanes->seen);
    pgs_free(lanes->slot);
    pgs_free(lanes->of_part);
    *lanes = (pgs_lanes){0};
}

/* ---- what is known ---- */

static pgs_status replace_text(char **field, const char *text, pgs_err *err) {
    char *copy = text ? pgs_strdup(text) : NULL;
    if (text && !copy)
        return pgs_no_memory(err);
    pgs_free(*field);
    *field = copy;
    return PGS_OK;
}

pgs_status pgs_lanes_load_facts(pgs_lanes *lanes, pgs_database *d, pgs_err *err) {
    static const char *const COLUMN[] = {"lane", "relfilenode", "bounds"};
    pgs_cells c = {.d = d, .what = "partition_change", .column = COLUMN};
    pgs_status st = pgs_database_select(d, "partition_change", COLUMN, PGS_COUNT_OF(COLUMN),
                                        "ORDER BY lane, snapshot_id", &c.stmt, err);
    for (bool row = c.stmt != NULL; st == PGS_OK && row;) {
        int64_t lane = -1;
        const char *bounds = NULL;
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK && row)
            st = pgs_cell_int(&c, 0, -1, &lane, err);
        if (st != PGS_OK || !row || lane < 0 || (uint64_t)lane >= lanes->n)
            continue;
        lanes->facts[lane].noted = true;
        st = pgs_cell_int(&c, 1, 0, &lanes->facts[lane].relfilenode, err);
        if (st == PGS_OK)
            st = pgs_cell_text(&c, 2, &bounds, err);
        if (st == PGS_OK)
            st = replace_text(&lanes->facts[lane].bounds, bounds, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

pgs_status pgs_lanes_note(pgs_lanes *lanes, size_t i, const pgs_partition *part, size_t moment,
                          bool *changed, pgs_err *err) {
    pgs_lane *lane = &lanes->lane[i];
    pgs_lane_facts *facts = &lanes->facts[i];
    bool renamed = !pgs_text_same(lane->name, part->name) || lane->num != part->num;
    lane->last = moment;
    *changed = !facts->noted || renamed || lane->relid != part->relid ||
               facts->relfilenode != part->relfilenode ||
               !pgs_text_same(facts->bounds, part->bounds);
    if (!*changed)
        return PGS_OK;
    facts->noted = true;
    lane->num = part->num;
    lane->relid = part->relid;
    facts->relfilenode = part->relfilenode;
    pgs_status st = replace_text(&lane->name, part->name, err);
    if (st == PGS_OK)
        st = replace_text(&facts->bounds, part->bounds, err);
    if (renamed)
        index_all(lanes);
    return st;
}

/* ---- matching ---- */

static size_t by_relid(const pgs_lanes *lanes, size_t n_known, int64_t relid, size_t moment) {
    for (size_t i = 0; relid != 0 && i < n_known; i++)
        if (lanes->lane[i].relid == relid && lanes->seen[i] != moment + 1)
            return i;
    return SIZE_MAX;
}

static void take(pgs_lanes *lanes, size_t p, size_t lane, size_t moment) {
    lanes->of_part[p] = lane;
    if (lane != SIZE_MAX)
        lanes->seen[lane] = moment + 1;
}

static pgs_status match_rest(pgs_lanes *lanes, const pgs_snapshot *snap, size_t moment,
                             pgs_err *err) {
    size_t n_known = lanes->n;
    pgs_status st = PGS_OK;
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++) {
        const pgs_partition *part = &snap->part[p];
        if (lanes->of_part[p] != SIZE_MAX)
            continue;
        size_t lane = by_relid(lanes, n_known, part->relid, moment);
        if (lane == SIZE_MAX) {
            pgs_lane fresh = {.num = part->num,
                              .name = part->name,
                              .relid = part->relid,
                              .first = moment,
                              .last = moment};
            lane = lanes->n;
            st = pgs_lanes_append(lanes, &fresh, err);
        }
        if (st == PGS_OK)
            take(lanes, p, lane, moment);
    }
    return st;
}

pgs_status pgs_lanes_match(pgs_lanes *lanes, const pgs_snapshot *snap, size_t moment,
                           pgs_err *err) {
    size_t n = snap->head.n_parts;
    if (n > lanes->n_of_part) {
        size_t *more = larger(lanes->of_part, lanes->n_of_part, n, sizeof *more);
        if (!more)
            return pgs_no_memory(err);
        memset(more + lanes->n_of_part, 0xFF, (n - lanes->n_of_part) * sizeof *more);
        pgs_free(lanes->of_part);
        lanes->of_part = more;
        lanes->n_of_part = n;
    }
    bool all = true;
    for (size_t p = 0; p < n; p++) {
        const pgs_partition *part = &snap->part[p];
        size_t guess = lanes->of_part[p];
        if (guess >= lanes->n || !is_identity(&lanes->lane[guess], part->name, part->num))
            guess = find(lanes, part->name, part->num);
        if (guess != SIZE_MAX && lanes->seen[guess] == moment + 1)
            guess = SIZE_MAX; /* two partitions of one name: the second gets a lane of its own */
        take(lanes, p, guess, moment);
        all &= guess != SIZE_MAX;
    }
    return all ? PGS_OK : match_rest(lanes, snap, moment, err);
}
