/* The page of a trend: what the whole table does, what that leads to, then the partitions. */
#include <inttypes.h>
#include <math.h>

#include "report/draft.h"

#define MAX_CLEANINGS 10
#define FAINT         0.1 /* a pattern that hardly shows: of the mean, between most and least */

/* A number as people read it, appended. */
static void put_number(pgs_buf *buf, pgs_look look, double value) {
    char scratch[PGS_CELL_TEXT_MAX];
    pgs_cell cell = {.look = look, .observed = isfinite(value), .number = value};
    if (cell.observed && fabs(value) < 9e18)
        cell.integer = (int64_t)value;
    pgs_buf_text(buf, pgs_cell_plain(&cell, scratch));
}

static void put_growth(pgs_buf *buf, const pgs_growth *growth, pgs_look look, const char *what) {
    put_number(buf, look, growth->per_day);
    pgs_buf_format(buf, "%s a day", what);
    if (isnan(growth->low95))
        return;
    pgs_buf_text(buf, " (95 %: ");
    put_number(buf, look, growth->low95);
    pgs_buf_text(buf, " to ");
    put_number(buf, look, growth->high95);
    pgs_buf_text(buf, ")");
}

/* Why nothing is said of growth. */
static const char *why_none(const pgs_trend *trend) {
    for (size_t i = 0; i < trend->clean.n_cleanings; i++)
        if (trend->clean.cleaning[i].kind == PGS_CLEANED_RESET)
            return "the table began anew that day: what was before cannot be compared with it";
    return "one day is no trend: there is nothing to compare it with";
}

static void add_growth(pgs_draft *d, const pgs_trend *trend) {
    const pgs_growth *chunks = &trend->growth[PGS_BY_CHUNKS];
    const pgs_growth *bytes = &trend->growth[PGS_BY_SIZE];
    pgs_buf buf = {0};
    if (isnan(chunks->per_day) && isnan(bytes->per_day)) {
        pgs_buf_text(&buf, why_none(trend));
    } else {
        bool shrinks = chunks->per_day < 0 || (isnan(chunks->per_day) && bytes->per_day < 0);
        pgs_buf_text(&buf, shrinks ? "the table changes by " : "the table gains ");
        if (!isnan(chunks->per_day))
            put_growth(&buf, chunks, PGS_AS_REAL, " chunks");
        if (!isnan(chunks->per_day) && !isnan(bytes->per_day))
            pgs_buf_text(&buf, " and ");
        if (!isnan(bytes->per_day))
            put_growth(&buf, bytes, PGS_AS_BYTES, "");
        pgs_buf_format(&buf, ", over %zu day%s", trend->n_days, trend->n_days == 1 ? "" : "s");
    }
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "GROWTH", &buf);
}

static void put_name(pgs_buf *buf, const pgs_trend_partition *part) {
    if (part->name)
        pgs_buf_text(buf, part->name);
    else
        pgs_buf_format(buf, "partition %" PRId64, part->num);
}

/* The first to become UNBALANCED, or NULL. */
static const pgs_trend_partition *first_of(const pgs_trend *trend) {
    const pgs_trend_partition *first = NULL;
    for (size_t i = 0; i < trend->n_partitions; i++) {
        const pgs_trend_partition *part = &trend->partition[i];
        double days = part->days_to[PGS_THRESHOLD_UNBALANCED];
        if (days > 0 && isfinite(days) &&
            (!first || days < first->days_to[PGS_THRESHOLD_UNBALANCED]))
            first = part;
    }
    return first;
}

/* Where everything leads if it goes on as it does. */
static void add_course(pgs_draft *d, const pgs_trend *trend) {
    const pgs_trend_partition *first = first_of(trend);
    pgs_buf buf = {0};
    if (trend->n_tested[PGS_BY_CHUNKS] == 0) {
        pgs_buf_format(&buf, "fewer than %d changes were seen: nothing is said of drifts",
                       PGS_TREND_MIN_STEPS);
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "DRIFT", &buf);
        return;
    }
    pgs_buf_format(&buf, "the chunk skew of %zu of ", trend->n_drifting[PGS_BY_CHUNKS]);
    pgs_put_count(&buf, (double)trend->n_tested[PGS_BY_CHUNKS], "partition");
    pgs_buf_text(&buf, " drifts beyond chance");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "DRIFT", &buf);
    if (!first)
        return;
    pgs_tone tone = trend->n_soon > 0 ? PGS_TONE_WARNING : PGS_TONE_PLAIN;
    pgs_buf course = {0};
    pgs_buf_format(&course, "if all goes on as it does, %zu become%s UNBALANCED within %d days; ",
                   trend->n_soon, trend->n_soon == 1 ? "s" : "", PGS_TREND_SOON_DAYS);
    pgs_buf_text(&course, trend->n_soon > 0 ? "the first is " : "the next is ");
    put_name(&course, first);
    pgs_buf_text(&course, " in ");
    pgs_put_count(&course, ceil(first->days_to[PGS_THRESHOLD_UNBALANCED]), "day");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, tone, "COURSE", &course);
}

/* ---- patterns ---- */

static void put_hour(pgs_buf *buf, size_t phase) {
    pgs_buf_format(buf, "at %02zu:00 UTC", phase);
}

static void put_weekday(pgs_buf *buf, size_t phase) {
    static const char *const DAY[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
    pgs_buf_format(buf, "on %s", DAY[phase]);
}

static void add_season(pgs_draft *d, const pgs_season *season, const char *what,
                       void (*put_phase)(pgs_buf *, size_t)) {
    size_t most = 0, least = 0;
    if (!season->found || isnan(season->profile[0]))
        return;
    for (size_t i = 1; i < season->period; i++) {
        most = season->profile[i] > season->profile[most] ? i : most;
        least = season->profile[i] < season->profile[least] ? i : least;
    }
    if (season->profile[most] - season->profile[least] < FAINT)
        return;
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "writes follow the %s: most ", what);
    put_phase(&buf, most);
    pgs_buf_text(&buf, " (");
    put_number(&buf, PGS_AS_REAL, season->profile[most]);
    pgs_buf_text(&buf, " times the mean), least ");
    put_phase(&buf, least);
    pgs_buf_text(&buf, " (");
    put_number(&buf, PGS_AS_REAL, season->profile[least]);
    pgs_buf_text(&buf, ")");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "PATTERN", &buf);
}

/* ---- what was cleaned ---- */

void pgs_draft_cleaning(pgs_draft *d, const pgs_clean *clean, const char *command) {
    size_t n = clean->n_cleanings, n_old = n > MAX_CLEANINGS ? n - MAX_CLEANINGS : 0;
    pgs_grid grid = pgs_grid_of_cleaning_read(clean);
    pgs_buf buf = {0};
    if (n == 0)
        return;
    pgs_draft_text(d, PGS_BLOCK_HEADING, "What happened, and what was done about it");
    grid.base += n_old * grid.stride;
    grid.n_rows -= n_old;
    pgs_draft_grid(d, &grid);
    if (n_old == 0)
        return;
    pgs_buf_format(&buf, "... and %zu earlier (pgskew %s -f json shows all)", n_old, command);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, NULL, &buf);
}

void pgs_page_trend(pgs_draft *d) {
    const pgs_trend *trend = d->input->trend;
    add_growth(d, trend);
    add_course(d, trend);
    add_season(d, &trend->daily, "hour of the day", put_hour);
    add_season(d, &trend->weekly, "day of the week", put_weekday);
    pgs_grid grid = pgs_grid_of_trend_read(trend, pgs_names_matter(d->input->snapshot));
    pgs_draft_grid(d, &grid);
    size_t n_left_out = trend->n_partitions - trend->n_shown;
    if (n_left_out > 0) {
        pgs_buf buf = {0};
        pgs_buf_format(&buf, "... and %zu more partition%s (pgskew trend --all shows them)",
                       n_left_out, n_left_out == 1 ? "" : "s");
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, NULL, &buf);
    }
    pgs_draft_cleaning(d, &trend->clean, "trend");
}
