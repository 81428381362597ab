# Control tokens in the text are parsed, unless --no-special; then no start token is added either.
# needs: shared-data
set -e
lanner tokenize "$STORIES" --json '</s>One<s>'
lanner tokenize "$STORIES" --json --special '</s>One<s>'
lanner tokenize "$STORIES" --json --no-special '</s>One<s>'
lanner tokenize "$STORIES" --no-special ''
