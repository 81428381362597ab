# The most probable completion; standard output carries nothing else.
# needs: shared-data
set -e
lanner run "$STORIES" -p 'Once upon a time' --temp 0 -n 40
echo
printf 'Once upon a time' | lanner run "$STORIES" --raw --temp 0 -n 40 2>/dev/null
echo
printf 'Once upon a time' >prompt
lanner run "$STORIES" -f prompt --temp 0 -n 40 --echo 2>/dev/null
