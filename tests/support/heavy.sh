#!/bin/sh
# A test that takes minutes: runs only under `./dev test --all`, and says so otherwise.
#
#   heavy.sh COMMAND...
if [ -z "${PGSKEW_TEST_ALL:-}" ]; then
    echo "SKIPPED: heavy; ./dev test --all runs it"
    exit 77
fi
exec "$@"
