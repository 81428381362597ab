# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner bench --help
lanner bench --help >long
lanner bench -h | cmp - long
lanner help bench | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
