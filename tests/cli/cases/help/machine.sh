# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner machine --help
lanner machine --help >long
lanner machine -h | cmp - long
lanner help machine | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
