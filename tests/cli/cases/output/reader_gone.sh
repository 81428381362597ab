# A reader that goes away ends the run quietly.
# needs: shared-data
lanner run "$STORIES" -p 'Once upon a time' -n 400 --ignore-eos --temp 0 | head -c 10
echo
lanner tokenize "$STORIES" 'Once upon a time' | head -n 1
