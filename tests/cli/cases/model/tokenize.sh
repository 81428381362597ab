# Ids with what they stand for; text by argument and by pipe, byte for byte.
# needs: shared-data
set -e
lanner tokenize "$STORIES" 'Once upon a time'
lanner tokenize "$STORIES" --json 'Once upon a time'
printf 'Once upon a time' | lanner tokenize "$STORIES" --json
printf 'Once upon a time\n' | lanner tokenize "$STORIES" - --json
printf 'a\0b\377\n' | lanner tokenize "$STORIES" -
printf '' | lanner tokenize "$STORIES" --json
