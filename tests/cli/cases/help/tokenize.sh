# --help, -h and help COMMAND print the same, in at most 100 columns.
set -e
lanner tokenize --help
lanner tokenize --help >long
lanner tokenize -h | cmp - long
lanner help tokenize | cmp - long
test "$(awk '{ if (length > n) n = length } END { print n }' long)" -le 100
