# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner inspect --help
lanner inspect --help >long
lanner inspect -h | cmp - long
lanner help inspect | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
