#!/usr/bin/env bash
# Compares what the built library exports with the list of what it promises, src/api/exports.txt.
#
#   scripts/check_symbols.sh [BUILD_FOLDER] [EXPORTS_FILE]
#
# Looks at the shared library if there is one, else at the default-visibility symbols of the static
# ones, which are what a shared library made of them would export. Other symbols of a static library
# are hidden, not absent: only the shared library keeps them from clashing with a user's names.
# Exit code 77: nothing is built yet.
set -u

folder=${1:-$(dirname "$0")/../build}
exports=${2:-$(dirname "$0")/../src/api/exports.txt}
export LC_ALL=C # the same order for sort and comm everywhere

shared=$(find "$folder" -name liblanner.so | head -n 1)
libraries=("$shared")
if [ -z "$shared" ]; then
    mapfile -t libraries < <(find "$folder" -name 'liblnr_*.a' | sort)
fi
if [ ${#libraries[@]} = 0 ]; then
    echo "check_symbols: nothing built in $folder"
    exit 77
fi

# readelf's columns: number, value, size, type, binding, visibility, section, name. A version of
# symbols is itself one of section ABS.
symbols() {
    local table=--syms
    case $1 in *.so) table=--dyn-syms ;; esac
    readelf --wide "$table" "$@" | awk '($5 == "GLOBAL" || $5 == "WEAK") &&
        $7 != "UND" && $7 != "ABS" && ($6 == "DEFAULT" || $6 == "PROTECTED") {
            sub(/@.*/, "", $8); print $8 }' | sort -u
}

found=$(symbols "${libraries[@]}")
rc=0
if [ -z "$found" ]; then
    echo "check_symbols: ${libraries[0]} exports nothing"
    rc=1
fi
for name in $(grep -v '^lnr_' <<<"$found"); do
    echo "check_symbols: exported without lnr_: $name"
    rc=1
done
if [ -e "$exports" ]; then
    promised=$(grep -v -e '^#' -e '^$' "$exports" | sort -u)
    for name in $(comm -23 <(echo "$promised") <(echo "$found")); do
        echo "check_symbols: $name is in $exports but not exported"
        rc=1
    done
    for name in $(comm -13 <(echo "$promised") <(echo "$found")); do
        echo "check_symbols: $name is exported but not in $exports"
        rc=1
    done
elif [ -n "$shared" ]; then
    echo "check_symbols: there is a shared library but no $exports"
    rc=1
else
    echo "check_symbols: no $exports yet: only the prefix was checked"
fi
if [ $rc = 0 ]; then echo "ok: $(wc -l <<<"$found") exported symbols"; fi
exit $rc
