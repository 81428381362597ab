# A full disk is an error of each command.
# needs: shared-data
lanner version >/dev/full; echo $?
lanner run --help >/dev/full; echo $?
lanner inspect "$STORIES" >/dev/full; echo $?
lanner tokenize "$STORIES" text >/dev/full; echo $?
lanner run "$STORIES" -p text -n 4 >/dev/full; echo $?
lanner run "$STORIES" -p text -n 4 --json >/dev/full; echo $?
