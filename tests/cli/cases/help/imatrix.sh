# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner imatrix --help
lanner imatrix --help >long
lanner imatrix -h | cmp - long
lanner help imatrix | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
