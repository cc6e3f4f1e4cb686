/* store/lanes.c: which partition of one moment is which of another. */
#include "store/lanes.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/make.h"
#include "support/no_leaks.h"
#include "support/random.h"

static pgs_lanes lanes;
static pgs_err err;

static void tear_down(void) {
    pgs_lanes_reset(&lanes);
    pgs_test_no_leaks();
}

TestSuite(lanes, .fini = tear_down);

typedef struct sight {
    const char *name; /* NULL: an import without names */
    int64_t num, relid;
    size_t lane; /* the one it should get */
} sight;

/* Match and note one moment of these partitions, as a packer does. */
static void see(const char *what, size_t moment, const sight *part, size_t n) {
    pgs_snapshot snap;
    make_snapshot(&snap, n, NULL, NULL);
    for (size_t p = 0; p < n; p++) {
        make_text(&snap, &snap.part[p].name, part[p].name);
        snap.part[p].num = part[p].num;
        snap.part[p].relid = part[p].relid;
    }
    cr_assert_eq(pgs_lanes_match(&lanes, &snap, moment, &err), PGS_OK, "%s", err.msg);
    for (size_t p = 0; p < n; p++) {
        bool changed;
        size_t lane = lanes.of_part[p];
        cr_expect_eq(lane, part[p].lane, "%s, moment %zu: partition %zu has lane %zu, not %zu",
                     what, moment, p, lane, part[p].lane);
        cr_assert_lt(lane, lanes.n);
        cr_assert_eq(pgs_lanes_note(&lanes, lane, &snap.part[p], moment, &changed, &err), PGS_OK);
    }
    pgs_snapshot_reset(&snap);
}

enum { MAX_MOMENTS = 4, MAX_SIGHTS = 4 };

/* Of each moment the partitions in their order; one without relid and number is the end. */
static const struct {
    const char *name;
    size_t n_lanes;
    sight part[MAX_MOMENTS][MAX_SIGHTS];
} STORIES[] = {
    {"the same again", 2, {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"a", 0, 10, 0}, {"b", 1, 11, 1}}}},
    {"one more in the middle",
     3,
     {{{"a", 0, 10, 0}, {"c", 1, 12, 1}}, {{"a", 0, 10, 0}, {"b", 1, 11, 2}, {"c", 2, 12, 1}}}},
    {"one goes and comes back",
     2,
     {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"b", 1, 11, 1}}, {{"a", 0, 10, 0}, {"b", 1, 11, 1}}}},
    {"a rename keeps its lane", 1, {{{"a", 0, 10, 0}}, {{"old", 0, 10, 0}}, {{"new", 0, 10, 0}}}},
    {"two names are exchanged: the name says who it is",
     2,
     {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"b", 0, 10, 1}, {"a", 1, 11, 0}}}},
    {"renamed away, and a new one under the old name",
     2,
     {{{"a", 0, 10, 0}}, {{"a_old", 0, 10, 0}}, {{"a", 0, 12, 1}, {"a_old", 1, 10, 0}}}},
    {"dropped and created again: one partition with another relid",
     1,
     {{{"a", 0, 10, 0}}, {{"a", 0, 20, 0}}}},
    {"a relid that is used again under another name, much later",
     2,
     {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"b", 1, 11, 1}}, {{"b", 1, 11, 1}, {"z", 2, 10, 0}}}},
    {"numbers alone", 2, {{{NULL, 3, 0, 0}, {NULL, 7, 0, 1}}, {{NULL, 7, 0, 1}, {NULL, 3, 0, 0}}}},
    {"numbers alone: another number is another partition",
     2,
     {{{NULL, 3, 0, 0}}, {{NULL, 4, 0, 1}}}},
    {"a name and then only its number are two", 2, {{{"a", 3, 0, 0}}, {{NULL, 3, 0, 1}}}},
    {"the number of a named one changes: the name says who it is",
     2,
     {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"b", 0, 11, 1}}}},
    {"a rename to the name of one that is gone",
     2,
     {{{"a", 0, 10, 0}, {"b", 1, 11, 1}}, {{"a", 0, 10, 0}}, {{"b", 0, 10, 1}}}},
    {"without relids a new name is a new partition", 2, {{{"a", 0, 0, 0}}, {{"b", 0, 0, 1}}}},
    {"two of one name in one moment are two", 2, {{{"a", 0, 10, 0}, {"a", 1, 11, 1}}}},
};

static size_t n_sights(const sight *part) {
    size_t n = 0;
    while (n < MAX_SIGHTS && (part[n].name || part[n].num > 0 || part[n].relid > 0))
        n++;
    return n;
}

Test(lanes, a_partition_keeps_its_lane) {
    for (size_t k = 0; k < PGS_COUNT_OF(STORIES); k++) {
        size_t moment = 0;
        for (; moment < MAX_MOMENTS && n_sights(STORIES[k].part[moment]) > 0; moment++)
            see(STORIES[k].name, moment, STORIES[k].part[moment],
                n_sights(STORIES[k].part[moment]));
        cr_expect_eq(lanes.n, STORIES[k].n_lanes, "%s: %zu lanes", STORIES[k].name, lanes.n);
        pgs_lanes_reset(&lanes);
    }
}

Test(lanes, what_is_noted_is_the_newest) {
    static const sight FIRST = {"a", 0, 10, 0}, RENAMED = {"b", 5, 10, 0};
    see("first", 0, &FIRST, 1);
    see("renamed", 3, &RENAMED, 1);
    cr_expect_str_eq(lanes.lane[0].name, "b");
    cr_expect_eq(lanes.lane[0].num, 5);
    cr_expect_eq(lanes.lane[0].first, 0);
    cr_expect_eq(lanes.lane[0].last, 3);
}

/* ---- what counts as a change ---- */

static const struct {
    const char *name, *part_name, *bounds;
    int64_t num, relid, relfilenode;
    bool changed;
} NOTES[] = {
    {"the first sight", "a", "IN (0)", 0, 10, 20, true},
    {"nothing new", "a", "IN (0)", 0, 10, 20, false},
    {"a rewrite", "a", "IN (0)", 0, 10, 21, true},
    {"other bounds", "a", "IN (1)", 0, 10, 21, true},
    {"no bounds", "a", NULL, 0, 10, 21, true},
    {"still none", "a", NULL, 0, 10, 21, false},
    {"another number", "a", NULL, 1, 10, 21, true},
    {"another relid", "a", NULL, 1, 11, 21, true},
    {"another name", "b", NULL, 1, 11, 21, true},
    {"no name", NULL, NULL, 1, 11, 21, true},
    {"still no name", NULL, NULL, 1, 11, 21, false},
};

Test(lanes, a_change_is_noted_once) {
    pgs_lane fresh = {.num = 0, .name = "a", .relid = 10};
    cr_assert_eq(pgs_lanes_append(&lanes, &fresh, &err), PGS_OK);
    for (size_t i = 0; i < PGS_COUNT_OF(NOTES); i++) {
        pgs_partition part = {.num = NOTES[i].num,
                              .name = (char *)NOTES[i].part_name,
                              .bounds = (char *)NOTES[i].bounds,
                              .relid = NOTES[i].relid,
                              .relfilenode = NOTES[i].relfilenode};
        bool changed;
        cr_assert_eq(pgs_lanes_note(&lanes, 0, &part, i, &changed, &err), PGS_OK);
        cr_expect_eq(changed, NOTES[i].changed, "%s", NOTES[i].name);
    }
}

/* ---- many ---- */

/* Partitions come, go and are renamed at random; a naive memory of (name, relid) says which
 * lane. */
enum { MANY = 700, ROUNDS = 60 };

static struct {
    bool alive, known;
    int version; /* of its name */
    size_t lane;
} model[MANY];

static void random_moment(pgs_snapshot *snap, size_t moment, random_state *r) {
    size_t n = 0;
    for (size_t i = 0; i < MANY; i++) {
        if (random_below(r, 20) == 0)
            model[i].alive = !model[i].alive;
        if (model[i].alive && model[i].known && random_below(r, 50) == 0)
            model[i].version++;
        n += model[i].alive;
    }
    make_snapshot(snap, n, NULL, NULL);
    for (size_t i = 0, p = 0; i < MANY; i++) {
        char name[40];
        if (!model[i].alive)
            continue;
        snprintf(name, sizeof name, "part_%zu_%d", i, model[i].version);
        make_text(snap, &snap->part[p].name, name);
        snap->part[p].relid = 1000 + (int64_t)i;
        snap->part[p++].num = (int64_t)i;
    }
    (void)moment;
}

Test(lanes, as_a_naive_memory_would_say) {
    random_state r = {5};
    size_t n_lanes = 0;
    for (size_t moment = 0; moment < ROUNDS; moment++) {
        pgs_snapshot snap;
        random_moment(&snap, moment, &r);
        cr_assert_eq(pgs_lanes_match(&lanes, &snap, moment, &err), PGS_OK);
        for (size_t p = 0; p < snap.head.n_parts; p++) {
            size_t i = (size_t)snap.part[p].num, lane = lanes.of_part[p];
            bool changed;
            if (!model[i].known)
                model[i].lane = n_lanes++;
            model[i].known = true;
            cr_assert_eq(lane, model[i].lane, "moment %zu, partition %zu", moment, i);
            cr_assert_eq(pgs_lanes_note(&lanes, lane, &snap.part[p], moment, &changed, &err),
                         PGS_OK);
        }
        pgs_snapshot_reset(&snap);
    }
    cr_expect_eq(lanes.n, n_lanes);
}

Test(lanes, without_memory_it_fails_and_leaks_nothing) {
    double zero[300] = {0};
    pgs_snapshot snap;
    make_snapshot(&snap, 300, zero, NULL);
    for (size_t nth = 1; nth < 30; nth++) {
        pgs_mem_fail_at(nth);
        pgs_status st = pgs_lanes_match(&lanes, &snap, 0, &err);
        pgs_mem_fail_at(0);
        cr_expect(st == PGS_OK || st == PGS_E_BUG, "failing at %zu: %d", nth, st);
        pgs_lanes_reset(&lanes);
    }
    pgs_snapshot_reset(&snap);
}
