#!/bin/sh
# Does clang-tidy agree with every C file of the library and the programs? Rules: .clang-tidy.
#
#   tidy.sh SOURCE_DIR BUILD_DIR      BUILD_DIR holds compile_commands.json
cd "$1" || exit 1
if ! command -v clang-tidy >/dev/null; then
    echo "SKIPPED: clang-tidy is not installed"
    exit 77
fi
said=$(find src -name '*.c' -print0 |
    xargs -0 -n 2 -P "$(nproc)" clang-tidy -p "$2" --quiet 2>&1)
status=$?
echo "$said" | grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
exit $status
