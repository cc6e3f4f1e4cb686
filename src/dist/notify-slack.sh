#!/bin/sh
# Posts the verdict of `pgskew check` to a Slack-compatible webhook (Slack, Mattermost, Rocket.Chat).
#
#   pgskew check --notify /usr/local/share/pgskew/notify-slack.sh --state /var/lib/pgskew/verdict PATH...
#
# The URL of the webhook is a secret. It is read from the file that SLACK_WEBHOOK_FILE names, or is in
# SLACK_WEBHOOK_URL; it is never on a command line, where every user of the machine would see it. Needs awk and curl.
set -eu

die() {
    echo "notify-slack: $*" >&2
    exit 1
}

if [ -n "${SLACK_WEBHOOK_FILE:-}" ]; then
    url=$(head -n 1 "$SLACK_WEBHOOK_FILE") || die "cannot read the file that SLACK_WEBHOOK_FILE names"
else
    url=${SLACK_WEBHOOK_URL:-}
fi
case $url in
'') die "set SLACK_WEBHOOK_FILE to a file with the URL of the webhook, or SLACK_WEBHOOK_URL to the URL" ;;
*[!A-Za-z0-9._~:/?#@!\$\&\'\(\)*+,\;=%-]*) die "the URL of the webhook has a character that no URL has" ;;
http://* | https://*) ;;
*) die "the URL of the webhook begins with neither https:// nor http://" ;;
esac

# Strings are taken over as they are escaped in the JSON that comes in, so that none is unescaped and
# escaped again. What Slack takes for a mention or a link (<!channel>) is no more than text.
payload=$(LC_ALL=C awk -v now="${PGSKEW_VERDICT:-}" -v was="${PGSKEW_VERDICT_BEFORE:-}" '
    function string(key,    found) { # the string of a key in this line, still escaped
        if (!match($0, "(^ *|[{,])\"" key "\": ?\"([^\"\\\\]|\\\\.)*\""))
            return ""
        found = substr($0, RSTART, RLENGTH)
        sub("^[ {,]*\"" key "\": ?\"", "", found)
        sub("\"$", "", found)
        gsub("&", "\\&amp;", found)
        gsub("<", "\\&lt;", found)
        gsub(">", "\\&gt;", found)
        return found
    }
    /^  "timestamp": "/ { at = string("timestamp") }
    /^  "error": "/ { error = string("error") }
    /^      "table": "/ { table = string("table") }
    /^        \{"rule":/ {
        if (++n > 10)
            next
        name = string("name")
        if (name == "" && match($0, /"partition_num":[0-9]+/))
            name = "partition " substr($0, RSTART + 16, RLENGTH - 16)
        lines = lines "\\n- " (name == "" ? "" : name ": ") string("message")
        if ($0 ~ /"baseline_state":"new"/)
            lines = lines " (new)"
    }
    END {
        text = "pgskew: " (now == "" ? "a verdict" : now) (was == "" ? "" : ", was " was)
        text = text (table == "" ? "" : ": " table) (at == "" ? "" : " at " at)
        text = text (error == "" ? "" : "\\n" error) lines
        if (n > 10)
            text = text "\\n- and " n - 10 " more"
        printf "{\"text\":\"%s\",\"mrkdwn\":false}", text
    }')

printf 'url = "%s"\n' "$url" |
    curl --config - --silent --show-error --fail --max-time 8 --output /dev/null \
        --header 'Content-Type: application/json; charset=utf-8' --data-binary @/dev/fd/3 3<<END
$payload
END
