/* Where the numbers come from: files, versions, hashes; enough to get the same page again. */
#include <inttypes.h>

#include "report/html.h"

#define MOST_FILES 20

static void put_file(pgs_html *h, const pgs_report_file *file) {
    pgs_html_put(h, "<tr><td class=\"path\">");
    pgs_html_text(h, file->path);
    pgs_html_format(h, "</td><td>%s</td><td class=\"n\">",
                    file->is_history ? "history" : "snapshot");
    pgs_html_number(h, PGS_AS_COUNT, (double)file->n_moments);
    pgs_html_put(h, "</td><td>");
    pgs_html_day(h, file->first_us);
    if (file->n_moments > 1) {
        pgs_html_put(h, " to ");
        pgs_html_day(h, file->last_us);
    }
    pgs_html_put(h, "</td><td class=\"n\">");
    pgs_html_number(h, PGS_AS_BYTES, (double)file->n_bytes);
    pgs_html_format(h, "</td><td><code>%016" PRIx64 "</code></td></tr>\n", file->hash);
}

static void put_files(pgs_html *h) {
    const pgs_provenance *from = h->input->provenance;
    size_t n = from->n_files < MOST_FILES ? from->n_files : MOST_FILES;
    pgs_html_put(
        h,
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">file</th><th "
        "scope=\"col\">kind</th><th scope=\"col\" class=\"n\">moments</th><th scope=\"col\">taken"
        "</th><th scope=\"col\" class=\"n\">size</th><th scope=\"col\">XXH3</th></tr></thead>\n"
        "<tbody>\n");
    for (size_t i = from->n_files - n; i < from->n_files; i++)
        put_file(h, &from->file[i]);
    pgs_html_put(h, "</tbody></table></div>\n");
    if (n == from->n_files)
        return;
    pgs_html_put(h, "<p class=\"rest\">Left out here: ");
    pgs_html_count(h, (double)(from->n_files - n), "older file");
    pgs_html_put(h, ". <code>pgskew list</code> shows all.</p>\n");
}

void pgs_html_provenance(pgs_html *h) {
    const pgs_snapshot *snap = h->input->snapshot;
    pgs_html_put(h, "<p>Made by pgskew " PGSKEW_VERSION
                    " from files alone, without a clock: the same files give "
                    "the same bytes. <code>xxhsum -H3</code> prints the hashes below.</p>\n");
    if (h->input->provenance->n_files > 0)
        put_files(h);
    pgs_html_put(h, "<p>The newest moment was observed ");
    if (snap->head.source) {
        pgs_html_put(h, "by <b>");
        pgs_html_text(h, snap->head.source);
        pgs_html_put(h, "</b> ");
    }
    if (snap->server_version) {
        pgs_html_put(h, "on PostgreSQL ");
        pgs_html_text(h, snap->server_version);
        pgs_html_put(h, snap->in_recovery == 1 ? " (a standby) " : " ");
    }
    pgs_html_format(h,
                    "with %s counts; the hash of all that was observed then is <code>%016" PRIx64
                    "</code>.</p>\n",
                    snap->head.counts == PGS_COUNTS_ESTIMATE ? "estimated" : "exact",
                    h->input->provenance->content);
    if (snap->notes) {
        pgs_html_put(h, "<p>The collector noted: ");
        pgs_html_text(h, snap->notes);
        pgs_html_put(h, "</p>\n");
    }
}
