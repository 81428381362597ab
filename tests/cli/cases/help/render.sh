# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner render --help
lanner render --help >long
lanner render -h | cmp - long
lanner help render | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
