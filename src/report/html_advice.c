/* What to do: which partitions to rebalance, then what a runbook says of findings like these. An
 * entry is shown where its finding is there; the habits at the end are for everybody. */
#include <math.h>

#include "report/html.h"

#define MOST_STEPS 6

typedef struct entry {
    const char *heading;
    bool (*applies)(const pgs_report_input *input);
    const char *why;
    const char *step[MOST_STEPS]; /* markup of ours */
} entry;

static bool is_skewed(const pgs_report_input *input) {
    return input->result->unbalanced_count + input->result->warning_count > 0;
}

bool pgs_html_is_chance(const pgs_report_input *input) {
    const pgs_health_status *status = input->result->noise.status;
    if (!is_skewed(input) || !status)
        return false;
    for (size_t p = 0; p < input->snapshot->head.n_parts; p++)
        if (status[p] != PGS_HEALTHY && status[p] != PGS_UNMEASURED)
            return false;
    return true;
}

static bool is_cause(const pgs_report_input *input) {
    return is_skewed(input) && !pgs_html_is_chance(input);
}

static bool is_hot(const pgs_report_input *input) {
    pgs_skew_status status = input->result->skew[PGS_SKEW_HOT_PARTITIONS].status;
    return status == PGS_SKEW_WARNING || status == PGS_SKEW_CRITICAL;
}

static bool is_growing(const pgs_report_input *input) {
    return (input->forecast && input->forecast->n_alerts > 0) ||
           (input->diff && input->diff->verdict > PGS_SEVERITY_NONE);
}

static bool is_unmeasured(const pgs_report_input *input) {
    return input->result->unmeasured_count > 0;
}

static bool has_strays(const pgs_report_input *input) {
    return input->snapshot->n_strays > 0;
}

static bool always(const pgs_report_input *input) {
    (void)input;
    return true;
}

static const entry ENTRY[] = {
    {"The skew is no more than chance",
     pgs_html_is_chance,
     "So few or so large pieces land this unevenly by themselves. Moving partitions about would "
     "not last.",
     {"Look at <code>pgskew skew</code>: the design effect says how many rows move as one.",
      "If the partitions are to be more even, make the pieces smaller or the partitions fewer, and "
      "plan that as a migration.",
      "Use <code>--noise-floor</code> in alerts, so that nobody is woken by chance."}},
    {"High skew",
     is_cause,
     "A few keys hold much of the data, or the keys are not spread.",
     {"Find the keys: which collections lie in the fullest partitions? <code>pgskew "
      "collections</code> lists "
      "the largest.",
      "Check what is hashed and how: ids with a common pattern, prefix or counter cluster.",
      "A key that is larger than an even share will fill any partition. Split it, or give it a "
      "partition of its own.",
      "Another number of partitions changes where every key lies, and means to migrate all of "
      "them. Do it only where the largest key is far below the new even share."}},
    {"Hot partitions",
     is_hot,
     "Much of what was written last went to few partitions, which then share one set of pages, "
     "locks and "
     "vacuum runs.",
     {"See which job or tenant writes there, and whether it does so all day or in one burst: "
      "<code>pgskew hot --at</code> another hour.",
      "Keys that grow with time send all new rows to the same place. Hash something that does not.",
      "If one collection is being loaded, this ends with the load. If it goes on, it is tomorrow's "
      "skew."}},
    {"Growing imbalance",
     is_growing,
     "It is worse than a week ago, or is expected to become so.",
     {"Watch where it goes: <code>pgskew trend</code> says what drifts and how surely, "
      "<code>pgskew "
      "forecast</code> until when there is time.",
      "Choose a window for moving data before the date at which the first partition crosses.",
      "If the same keys drive it week after week, another partition key is the lasting answer; try "
      "it "
      "on a copy first."}},
    {"Partitions that could not be measured",
     is_unmeasured,
     "They were locked longer than the collector may wait. They count in no total here.",
     {"Collect again when no <code>ALTER TABLE</code>, <code>VACUUM FULL</code> or detaching is "
      "under way."}},
    {"Rows outside the numbered partitions",
     has_strays,
     "Some leaf, perhaps the default partition, holds rows that none of the numbered partitions "
     "took.",
     {"See what is in it, and give those keys a partition, before it becomes the largest of all."}},
    {"Good habits",
     always,
     "",
     {"Look at the balance at least once a day; a snapshot a day is enough to see what drifts.",
      "Act on a warning while it is one: moving little is cheaper than moving much.",
      "Look at hot partitions in the busiest hours, not at night.",
      "Plan disks by the size of the largest partition and how it grows, not by the mean.",
      "Write down beforehand who does what when an alert comes."}},
};

static void put_entry(pgs_html *h, const entry *e) {
    pgs_html_format(h, "<h3>%s</h3>\n", e->heading);
    if (*e->why)
        pgs_html_format(h, "<p>%s</p>\n", e->why);
    pgs_html_put(h, "<ul class=\"steps\">\n");
    for (size_t i = 0; i < MOST_STEPS && e->step[i]; i++)
        pgs_html_format(h, "<li>%s</li>\n", e->step[i]);
    pgs_html_put(h, "</ul>\n");
}

void pgs_html_advice(pgs_html *h) {
    pgs_html_excerpt(h, PGS_REPORT_RECOMMENDATIONS);
    for (size_t i = 0; i < PGS_COUNT_OF(ENTRY); i++)
        if (ENTRY[i].applies(h->input))
            put_entry(h, &ENTRY[i]);
}
