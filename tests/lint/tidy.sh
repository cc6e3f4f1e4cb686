#!/bin/sh
# Does clang-tidy agree with every C file of the library and the programs? Rules: .clang-tidy.
#
#   tidy.sh SOURCE_DIR BUILD_DIR      BUILD_DIR holds compile_commands.json
cd "$1" || exit 1
build=$2 failed=0
if ! command -v clang-tidy >/dev/null; then
    echo "SKIPPED: clang-tidy is not installed"
    exit 77
fi

# tidy OPTIONS: the files named on stdin, a core each; only what it found is printed.
tidy() {
    said=$(xargs -n 2 -P "$(nproc)" clang-tidy -p "$build" --quiet "$@" 2>&1) || failed=1
    [ $failed = 0 ] || echo "$said" | grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
}

teachers=$(grep -lE '^pgs_status pgs_(fail|no_memory|database_damaged)\(' src/*/*.c)
find src -name '*.c' | grep -vF "$teachers" >"$build/taught.txt"
tidy --extra-arg=-include --extra-arg="$1/tests/lint/teach.h" <"$build/taught.txt"
echo "$teachers" >"$build/taught.txt"
tidy <"$build/taught.txt"
rm -f "$build/taught.txt"
exit $failed
