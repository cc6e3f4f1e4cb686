#!/bin/sh
# Install into an empty prefix, compile example.c against what was installed and nothing else, and
# let it ask about a snapshot that the installed collector imported.
#
# The case is p10-one-zero; expected.txt holds its recorded bodies in the example's words (the
# distribution variance, which the recordings lack, is 9/10 * stddev^2 / average^2).
#
#   example.sh SOURCE_DIR BUILD_DIR CC
set -eu
source=$1 build=$2 cc=$3
here=$source/tests/install
case_dir=$source/fixtures/reference/cases/p10-one-zero

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null

flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name pgskew.pc)") \
    pkg-config --cflags --libs --static pgskew)
"$cc" -std=c17 -Wall -Wextra -Werror -o "$prefix/example" "$here/example.c" $flags

"$prefix/bin/pgskew-collect" import --taken-at 2026-11-20T06:00:00Z -o "$prefix/snap.db" "$case_dir"
"$prefix/example" "$prefix/snap.db" >"$prefix/said.txt"
diff -u "$here/expected.txt" "$prefix/said.txt"

# What a packager looks for, and a failure that must be told as one.
for file in bin/pgskew share/man/man1/pgskew.1 share/man/man1/pgskew-collect.1 \
    share/bash-completion/completions/pgskew share/bash-completion/completions/pgskew-collect \
    share/pgskew/schemas/snapshot_001.sql; do
    [ -s "$prefix/$file" ] || { echo "not installed: $file" && exit 1; }
done
if "$prefix/example" "$prefix/none.db" 2>"$prefix/said.txt"; then
    echo "a snapshot that is not there was read" && exit 1
fi
grep -q "none.db" "$prefix/said.txt"
