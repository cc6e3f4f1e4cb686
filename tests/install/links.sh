#!/bin/sh
# The analyzer cannot reach a network: of ours and of others it links only what reading files needs.
#
#   links.sh PGSKEW
needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[^.]*\).*/\1/p')
[ -n "$needed" ] || { echo "readelf found no libraries in $1" && exit 1; }
for library in $needed; do
    case $library in
    libc | libm | libgmp | libsqlite3 | libcjson | libasan | libubsan) ;;
    *) echo "$1 links $library" && exit 1 ;;
    esac
done
