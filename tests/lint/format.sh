#!/bin/sh
# Does clang-format agree with every C file? Another version would format differently, so only the
# one that made the files is asked.
#
#   format.sh SOURCE_DIR
cd "$1" || exit 1
case "$(clang-format --version 2>/dev/null)" in
*" version 14."*) ;;
*)
    echo "SKIPPED: clang-format 14 is not installed"
    exit 77
    ;;
esac
find src include tests bench -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
