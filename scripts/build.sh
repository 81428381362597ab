#!/usr/bin/env bash
# Configures a preset of CMakePresets.json if that has not happened yet, and builds it.
#
#   scripts/build.sh PRESET [TARGET...]
#
# The folder is build/ for release and build-PRESET/ else, as the presets say. CMake itself notices
# changed CMakeLists.txt; ninja is used where it is installed.
set -eu
cd "$(dirname "$0")/.."

preset=${1:?usage: scripts/build.sh PRESET [TARGET...]}
shift
folder=build-$preset
case $preset in
release) folder=build ;;
scalar-only) folder=build-scalar ;;
esac

if [ ! -e "$folder/build.ninja" ] && [ ! -e "$folder/Makefile" ]; then
    generator="Unix Makefiles"
    if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
    log=$(mktemp)
    if ! cmake --preset "$preset" -G "$generator" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
fi
exec cmake --build "$folder" --parallel "$(nproc)" ${1:+--target "$@"}
