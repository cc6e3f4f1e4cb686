/* A verdict as SARIF 2.1.0, for whatever shows results of static analysis: every finding is a
 * result of the rule that found it, at the snapshot's file, with the partition as its logical
 * location. Rules and fingerprints are the same from run to run: a fingerprint is of the table, the
 * rule and the partition, never of a number. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/check.h"
#include "report/json.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static void put_message(pgs_json *j, const char *key, const char *text) {
    pgs_json_open(j, key, '{');
    pgs_json_text(j, "text", text);
    pgs_json_close(j, '}');
}

/* Text of a buffer, which is emptied. What would act in a terminal is shown, and what SARIF has a
 * meaning for, places of arguments and links, is quoted. */
static void put_built(pgs_json *j, const char *key, pgs_buf *text) {
    pgs_buf shown = {0}, quoted = {0};
    pgs_text_escape(&shown, pgs_buf_view(text));
    for (const char *s = pgs_buf_view(&shown); *s; s++) {
        if (*s == '[' || *s == ']')
            pgs_buf_text(&quoted, "\\");
        if (*s == '{' || *s == '}')
            pgs_buf_bytes(&quoted, s, 1);
        pgs_buf_bytes(&quoted, s, 1);
    }
    put_message(j, key, pgs_buf_view(&quoted));
    j->no_memory |= text->failed || shown.failed || quoted.failed;
    pgs_buf_reset(&shown);
    pgs_buf_reset(&quoted);
    pgs_buf_reset(text);
}

/* A path as a URI reference: relative as it was given, else file:. */
static void put_uri(pgs_json *j, const char *key, const char *path) {
    pgs_buf uri = {0};
    pgs_buf_text(&uri, *path == '/' ? "file://" : "");
    for (const unsigned char *s = (const unsigned char *)path; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr("-._~/", *s);
        if (plain)
            pgs_buf_bytes(&uri, s, 1);
        else
            pgs_buf_format(&uri, "%%%02X", *s);
    }
    j->no_memory |= uri.failed;
    pgs_json_text(j, key, pgs_buf_view(&uri));
    pgs_buf_reset(&uri);
}

static const char *level_of(pgs_verdict verdict) {
    return verdict == PGS_VERDICT_CRITICAL ? "error" : "warning";
}

static void put_rules(pgs_json *j) {
    pgs_json_open(j, "rules", '[');
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        const pgs_rule_info *info = pgs_rule_get((pgs_rule)r);
        pgs_json_open(j, NULL, '{');
        pgs_json_text(j, "id", info->name);
        put_message(j, "shortDescription", info->description);
        pgs_json_open(j, "defaultConfiguration", '{');
        pgs_json_text(j, "level", "warning");
        pgs_json_close(j, '}');
        pgs_json_close(j, '}');
    }
    pgs_json_close(j, ']');
}

static void put_tool(pgs_json *j) {
    pgs_json_open(j, "tool", '{');
    pgs_json_open(j, "driver", '{');
    pgs_json_text(j, "name", "pgskew");
    pgs_json_text(j, "semanticVersion", PGSKEW_VERSION);
    put_rules(j);
    pgs_json_close(j, '}');
    pgs_json_close(j, '}');
}

static void put_location(pgs_json *j, const pgs_report_input *input,
                         const pgs_check_finding *finding) {
    pgs_buf name = {0}, full = {0};
    pgs_put_subject(&name, input->check, finding);
    pgs_buf_format(&full, "%s/%s", input->check->table, pgs_buf_view(&name));
    pgs_json_open(j, "locations", '[');
    pgs_json_open(j, NULL, '{');
    pgs_json_open(j, "physicalLocation", '{');
    pgs_json_open(j, "artifactLocation", '{');
    put_uri(j, "uri", input->snapshot->head.path ? input->snapshot->head.path : "");
    pgs_json_close(j, '}');
    pgs_json_open(j, "region", '{');
    pgs_json_size(j, "startLine", 1);
    pgs_json_close(j, '}');
    pgs_json_close(j, '}');
    pgs_json_open(j, "logicalLocations", '[');
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "name", pgs_buf_view(&name));
    pgs_json_text(j, "fullyQualifiedName", pgs_buf_view(&full));
    pgs_json_text(j, "kind", finding->partition_num == PGS_TIME_NONE ? "table" : "partition");
    pgs_json_close(j, '}');
    pgs_json_close(j, ']');
    pgs_json_close(j, '}');
    pgs_json_close(j, ']');
    j->no_memory |= name.failed || full.failed;
    pgs_buf_reset(&name);
    pgs_buf_reset(&full);
}

static void put_fingerprint(pgs_json *j, const pgs_check *check, const pgs_check_finding *finding) {
    const char *rule = pgs_rule_get(finding->rule)->name, *name = finding->name;
    uint64_t hash = pgs_hash(check->table, strlen(check->table) + 1, 0);
    hash = pgs_hash(rule, strlen(rule) + 1, hash);
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)finding->partition_num);
    name = name ? name : text;
    hash = pgs_hash(name, strlen(name) + 1, hash);
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    pgs_json_open(j, "partialFingerprints", '{');
    pgs_json_text(j, "pgskew/v1", text);
    pgs_json_close(j, '}');
}

static void put_result(pgs_json *j, const pgs_report_input *input,
                       const pgs_check_finding *finding) {
    pgs_buf text = {0};
    pgs_put_subject(&text, input->check, finding);
    pgs_buf_format(&text, ": %s", finding->text);
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "ruleId", pgs_rule_get(finding->rule)->name);
    pgs_json_size(j, "ruleIndex", (size_t)finding->rule);
    pgs_json_text(j, "level", level_of(finding->verdict));
    put_built(j, "message", &text);
    put_location(j, input, finding);
    put_fingerprint(j, input->check, finding);
    if (finding->compared)
        pgs_json_text(j, "baselineState", finding->is_new ? "new" : "unchanged");
    if (isfinite(finding->value)) {
        pgs_json_open(j, "properties", '{');
        pgs_json_real(j, "value", finding->value);
        pgs_json_close(j, '}');
    }
    pgs_json_close(j, '}');
}

static void open_run(pgs_json *j) {
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "$schema", SCHEMA);
    pgs_json_text(j, "version", "2.1.0");
    pgs_json_open(j, "runs", '[');
    pgs_json_open(j, NULL, '{');
    put_tool(j);
}

static pgs_status close_run(pgs_json *j, pgs_err *err) {
    pgs_json_close(j, '}');
    pgs_json_close(j, ']');
    pgs_json_close(j, '}');
    return pgs_json_finish(j, err);
}

/* How the run went: its exit code, and why it came to no verdict, or NULL. */
static void put_invocation(pgs_json *j, int code, const char *why) {
    pgs_json_open(j, "invocations", '[');
    pgs_json_open(j, NULL, '{');
    pgs_json_raw(j, "executionSuccessful", why ? "false" : "true");
    pgs_json_size(j, "exitCode", (size_t)code);
    if (why) {
        pgs_buf text = {0};
        pgs_buf_text(&text, why);
        pgs_json_open(j, "toolExecutionNotifications", '[');
        pgs_json_open(j, NULL, '{');
        pgs_json_text(j, "level", "error");
        put_built(j, "message", &text);
        pgs_json_close(j, '}');
        pgs_json_close(j, ']');
    }
    pgs_json_close(j, '}');
    pgs_json_close(j, ']');
}

pgs_status pgs_sarif_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) {
    (void)kind, (void)style;
    const pgs_check *check = input->check;
    pgs_json j = {.out = out};
    open_run(&j);
    put_invocation(&j, (int)check->verdict,
                   check->verdict == PGS_VERDICT_UNKNOWN ? "no partition was measured" : NULL);
    pgs_json_open(&j, "results", '[');
    for (size_t i = 0; i < check->n_findings && !ferror(out); i++)
        put_result(&j, input, &check->finding[i]);
    pgs_json_close(&j, ']');
    return close_run(&j, err);
}

pgs_status pgs_sarif_failure(FILE *out, const char *message, pgs_err *err) {
    pgs_json j = {.out = out};
    open_run(&j);
    put_invocation(&j, PGS_VERDICT_UNKNOWN, message);
    pgs_json_open(&j, "results", '[');
    pgs_json_close(&j, ']');
    return close_run(&j, err);
}
