/* The first screen: the verdict in one sentence, what has changed, what comes next. */
#include <math.h>
#include <string.h>

#include "report/html.h"

/* ---- the verdict ---- */

static void put_of_all(pgs_html *h, size_t n) {
    pgs_html_number(h, PGS_AS_COUNT, (double)n);
    pgs_html_put(h, " of ");
    pgs_html_count(h, (double)h->input->result->total_partitions, "partition");
}

/* "Unbalanced: 3 of 100 partitions hold far more or far less than an even share, and 2 more are in
 * warning." What chance explains alarms nobody. */
static void put_uneven(pgs_html *h, bool chance) {
    const pgs_result *r = h->input->result;
    pgs_html_put(h, chance ? "<span class=\"even\">Uneven by chance:</span> "
                           : "<span class=\"bad\">Unbalanced:</span> ");
    put_of_all(h, r->unbalanced_count);
    pgs_html_format(h, " hold%s far more or far less than an even share",
                    r->unbalanced_count == 1 ? "s" : "");
    if (r->warning_count > 0)
        pgs_html_format(h, ", and %zu more %s in warning", r->warning_count,
                        r->warning_count == 1 ? "is" : "are");
    pgs_html_put(h, chance ? ", none by more than chance explains." : ".");
}

static void put_warning(pgs_html *h, bool chance) {
    const pgs_result *r = h->input->result;
    pgs_html_put(h, chance ? "<span class=\"even\">Uneven by chance:</span> "
                           : "<span class=\"warn\">Warning:</span> ");
    put_of_all(h, r->warning_count);
    pgs_html_format(h,
                    chance ? " %s in warning, none by more than chance explains."
                           : " %s early signs of imbalance; none is unbalanced.",
                    chance                  ? r->warning_count == 1 ? "is" : "are"
                    : r->warning_count == 1 ? "shows"
                                            : "show");
}

static void put_healthy(pgs_html *h) {
    const pgs_result *r = h->input->result;
    pgs_html_put(h, "<span class=\"good\">In balance:</span> ");
    pgs_html_format(h, "%s", r->total_partitions == 1 ? "the one partition is" : "all ");
    if (r->total_partitions > 1)
        pgs_html_count(h, (double)r->total_partitions, "partition");
    pgs_html_format(h, "%s healthy.", r->total_partitions > 1 ? " are" : "");
}

static void put_verdict(pgs_html *h) {
    const pgs_result *r = h->input->result;
    bool chance = pgs_html_is_chance(h->input);
    pgs_html_put(h, "<h1 id=\"verdict\">");
    if (r->total_partitions == 0) {
        pgs_html_put(h, "There are no partitions to judge.");
    } else if (r->unbalanced_count > 0) {
        put_uneven(h, chance);
    } else if (r->warning_count > 0) {
        put_warning(h, chance);
    } else if (r->unmeasured_count > 0) {
        pgs_html_put(h, "<span class=\"warn\">Incomplete:</span> ");
        put_of_all(h, r->unmeasured_count);
        pgs_html_put(h, " could not be measured; the others are healthy.");
    } else if (r->statistics.total_chunks == 0) {
        pgs_html_put(
            h, "<span class=\"good\">Empty:</span> the table has no chunks, so nothing is out "
               "of balance.");
    } else {
        put_healthy(h);
    }
    pgs_html_put(h, "</h1>\n");
}

static void put_over(pgs_html *h) {
    const pgs_snapshot_head *head = &h->input->snapshot->head;
    pgs_html_put(h, "<p class=\"over\">Partition balance of <b>");
    pgs_html_text(h, head->table_name ? head->table_name : "a table");
    pgs_html_put(h, "</b>");
    if (head->database) {
        pgs_html_put(h, " in database <b>");
        pgs_html_text(h, head->database);
        pgs_html_put(h, "</b>");
    }
    pgs_html_put(h, ", as of ");
    pgs_html_time(h, head->taken_us);
    pgs_html_put(h, "</p>\n");
}

static void put_size(pgs_html *h) {
    const pgs_snapshot *snap = h->input->snapshot;
    const pgs_statistics *s = &h->input->result->statistics;
    pgs_html_put(h, "<p class=\"sub\">");
    pgs_html_count(h, s->total_chunks, "chunk");
    pgs_html_put(h, snap->head.counts == PGS_COUNTS_ESTIMATE ? " (estimated), " : ", ");
    if (isnan(s->total_size_mb)) {
        pgs_html_put(h, "size unknown");
    } else {
        pgs_html_number(h, PGS_AS_REAL, s->total_size_mb);
        pgs_html_put(h, " MB");
    }
    pgs_html_put(h, ", on average ");
    pgs_html_number(h, PGS_AS_REAL, s->avg_chunks_per_partition);
    pgs_html_put(h, " chunks per partition.");
    if (!isnan(h->input->result->noise.chunk_floor) && h->input->overview->n_above[0] == 0 &&
        h->input->overview->n_above[1] == 0 && !pgs_html_is_chance(h->input))
        pgs_html_put(h, " None of the skew is more than chance explains.");
    pgs_html_put(h, "</p>\n");
}

/* ---- how many partitions are how healthy ---- */

static void put_statuses(pgs_html *h) {
    const pgs_result *r = h->input->result;
    const struct {
        const char *tone, *word;
        size_t n;
    } STATUS[] = {
        {"bad", "unbalanced", r->unbalanced_count},
        {"warn", "in warning", r->warning_count},
        {"good", "healthy", r->healthy_count},
        {"none", "not measured", r->unmeasured_count},
    };
    if (r->total_partitions == 0)
        return;
    pgs_html_put(h, "<div class=\"bar\" aria-hidden=\"true\">");
    for (size_t i = 0; i < PGS_COUNT_OF(STATUS); i++)
        if (STATUS[i].n > 0)
            pgs_html_format(h, "<i class=\"%s\" style=\"flex:%zu\"></i>", STATUS[i].tone,
                            STATUS[i].n);
    pgs_html_put(h, "</div>\n<ul class=\"key\">");
    for (size_t i = 0; i < PGS_COUNT_OF(STATUS); i++) {
        if (STATUS[i].n == 0)
            continue;
        pgs_html_format(h, "<li><i class=\"%s\"></i>", STATUS[i].tone);
        pgs_html_number(h, PGS_AS_COUNT, (double)STATUS[i].n);
        pgs_html_format(h, " %s</li>", STATUS[i].word);
    }
    pgs_html_put(h, "</ul>\n");
}

void pgs_html_first_screen(pgs_html *h) {
    pgs_html_put(h, "<header>\n");
    put_over(h);
    put_verdict(h);
    put_size(h);
    put_statuses(h);
    pgs_html_put(h, "<div class=\"cards\">\n");
    pgs_html_week(h);
    pgs_html_next(h);
    pgs_html_put(h, "</div>\n</header>\n");
}
