#!/bin/sh
# Each public header compiles alone, as C17 and as C++17.
#
#   headers.sh SOURCE_DIR CC
cd "$1/include" || exit 1
cc=$2 failed=0
for header in pgskew/*.h; do
    "$cc" -std=c17 -Wall -Wextra -Werror -pedantic -I. -fsyntax-only -xc - <<END || failed=1
#include "$header"
END
    command -v g++ >/dev/null || continue
    g++ -std=c++17 -Wall -Wextra -Werror -pedantic -I. -fsyntax-only -xc++ - <<END || failed=1
#include "$header"
END
done
exit $failed
