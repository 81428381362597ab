# A closed standard output is an error, even if a file opened later could take its number.
# needs: shared-data
lanner version >&-; echo $?
lanner run "$STORIES" -p text -n 4 >&-; echo $?
lanner inspect "$STORIES" --json >&-; echo $?
lanner tokenize "$STORIES" <&-; echo $?
