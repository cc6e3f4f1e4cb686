#!/bin/sh
# Does clang-tidy agree with every C file of the library and the programs? Rules: .clang-tidy.
# Files that have not changed since they were last found clean are not asked again.
#
#   tidy.sh SOURCE_DIR BUILD_DIR      BUILD_DIR holds compile_commands.json
cd "$1" || exit 1
build=$2 clean=$2/tidy.clean failed=0
if ! command -v clang-tidy >/dev/null; then
    echo "SKIPPED: clang-tidy is not installed"
    exit 77
fi

# tidy OPTIONS: the files named on stdin, a core each; only what it found is printed. Assertions
# are on: they tell the analyzer what we know.
tidy() {
    said=$(xargs -r -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet --extra-arg=-UNDEBUG "$@" 2>&1) ||
        failed=1
    [ $failed = 0 ] || echo "$said" | grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
}

since() {
    [ -e "$clean" ] && echo "-newer $clean"
}

# A header or a rule is everybody's business.
[ -z "$(find src include tests/lint .clang-tidy -name '*.c' -prune -o -type f $(since) -print)" ] ||
    rm -f "$clean"
files=$(find src -name '*.c' $(since))
touch "$build/tidy.began"

taught=$(sed -n 's/^#define \(pgs_[a-z_]*\)(.*/\1/p' tests/lint/teach.h | paste -sd'|')
teachers=$(grep -lE "^pgs_status ($taught)\(" src/*/*.c)
echo "$files" | grep -vF "$teachers" >"$build/tidy.files"
tidy --extra-arg=-include --extra-arg="$1/tests/lint/teach.h" <"$build/tidy.files"
echo "$files" | grep -F "$teachers" >"$build/tidy.files"
tidy <"$build/tidy.files"

[ $failed = 1 ] || mv "$build/tidy.began" "$clean"
exit $failed
