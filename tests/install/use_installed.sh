#!/usr/bin/env bash
# Installs a build into an empty folder, compiles the examples against it in four ways (pkg-config
# and CMake, shared and static) and compares what they say with what `lanner run` says.
#
#   use_installed.sh BUILD_FOLDER SOURCE_FOLDER CMAKE CC
set -euo pipefail
build=$1 source=$2 cmake=$3 cc=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
fail() {
    echo "use_installed: $1" >&2
    exit 1
}

"$cmake" --install "$build" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name liblanner.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
model=$prefix/share/lanner/models/lanner-tiny-q8_0.gguf

# Only the API is visible, under its version, in both libraries.
symbols=$(readelf --wide --dyn-syms "$libdir/liblanner.so")
grep -q 'lnr_model_load@@LANNER_0' <<<"$symbols" || fail "lnr_model_load has no version"
others=$(nm --defined-only --extern-only --format=posix "$libdir/liblanner.a" |
    awk 'NF > 2 && $1 !~ /^lnr_/ { print $1 }')
[ -z "$others" ] || fail "liblanner.a shows more than the API: $others"

# shellcheck disable=SC2046 # pkg-config's words
build_examples() { # FOLDER shared|static
    mkdir -p "$1"
    for name in completion chat streams; do
        case $2 in
        shared) "$cc" -std=c11 -Wall -Wextra -Werror -o "$1/$name" "$source/examples/$name.c" \
            $(pkg-config --cflags --libs lanner) -Wl,-rpath,"$libdir" ;;
        static) "$cc" -std=c11 -o "$1/$name" "$source/examples/$name.c" \
            $(pkg-config --cflags lanner) "$libdir/liblanner.a" \
            $(pkg-config --static --libs-only-l lanner | sed 's/-llanner//') ;;
        esac
    done
}
build_examples "$work/shared" shared
build_examples "$work/static" static
for static in OFF ON; do
    "$cmake" -S "$source/examples" -B "$work/cmake-$static" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$cc" -DLANNER_STATIC=$static >/dev/null
    "$cmake" --build "$work/cmake-$static" >/dev/null
done

# The same words as the program's.
text="The small dog went to the"
said=$("$prefix/bin/lanner" run "$model" --raw -p "$text" -n 24 --temp 0 2>/dev/null)
[ -n "$said" ] || fail "lanner run said nothing"
for folder in shared static cmake-OFF cmake-ON; do
    [ "$("$work/$folder/completion" "$model" "$text" 24)" = "$said" ] ||
        fail "$folder/completion says something else than lanner run"
    [ "$("$work/$folder/streams" "$model" "$text" | grep -c '^[0-7]: .')" = 8 ] ||
        fail "$folder/streams has not eight answers"
done

# A conversation with a model that says what it is told to (tests/cli/scripted_model.py).
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$source/tests/cli python3 -c "
import pathlib, scripted_model
scripted_model.write(pathlib.Path('$work/scripted.gguf'))"
said=$(printf 'hello\nwide\n' | "$work/shared/chat" "$work/scripted.gguf")
[ "$said" = $'Hello, friend.\n你好 🙂 été done' ] || fail "chat said: $said"

# A model without a template is one line and exit code 1; bad usage is 2.
if "$work/shared/chat" "$model" </dev/null 2>"$work/err"; then
    fail "chat went on without a chat template"
fi
grep -q '^chat: .*template' "$work/err" || fail "chat: $(cat "$work/err")"
code=0
"$work/shared/streams" 2>/dev/null || code=$?
[ $code = 2 ] || fail "streams without arguments: exit code $code"
echo "ok"
