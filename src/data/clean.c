/* The shape of a cleaned frame, and its words. */
#include "pgskew/clean.h"

#include "base/base.h"

static const struct {
    const char *name, *action, *of_forecast; /* NULL: the same */
} WORDS[PGS_CLEANED_COUNT] = {
    [PGS_CLEANED_CLOCK] = {"clock", "left out: years lie between it and the other moments", NULL},
    [PGS_CLEANED_GAP] = {"gap", "the change is spread evenly over the days without a snapshot",
                         "the last counts stand until the next"},
    [PGS_CLEANED_MISREAD] = {"misread", "this total is left out: the days around it contradict it",
                             NULL},
    [PGS_CLEANED_METHOD] = {"method", "the change between two ways of counting is left out",
                            "the change between two ways of counting is no growth"},
    [PGS_CLEANED_RESET] = {"reset", "everything before it is left out",
                           "growth counts from here on"},
    [PGS_CLEANED_BORN] = {"born", "it is followed from here on", NULL},
    [PGS_CLEANED_DROPPED] = {"dropped", "it is no longer part of the table", NULL},
    [PGS_CLEANED_UNSEEN] = {"unseen",
                            "the change is spread evenly over the days it was not measured",
                            "its last count stands until the next, where there is one"},
    [PGS_CLEANED_TRUNCATED] = {"truncated", "what was before is left out",
                               "its growth counts from here on"},
    [PGS_CLEANED_REWRITTEN] = {"rewritten", "the change of its bytes is left out",
                               "the change of its bytes is no growth"},
    [PGS_CLEANED_LOADED] = {"loaded", "it counts as growth", NULL},
};

const char *pgs_cleaning_name(pgs_cleaning_kind kind) {
    return WORDS[kind].name;
}

const char *pgs_cleaning_action(pgs_cleaning_kind kind) {
    return WORDS[kind].action;
}

const char *pgs_cleaning_action_of_forecast(pgs_cleaning_kind kind) {
    return WORDS[kind].of_forecast ? WORDS[kind].of_forecast : WORDS[kind].action;
}

void pgs_clean_init(pgs_clean *clean) {
    *clean = (pgs_clean){0};
}

void pgs_clean_reset(pgs_clean *clean) {
    if (!clean)
        return;
    pgs_arena_free(clean->arena);
    pgs_clean_init(clean);
}
