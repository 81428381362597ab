# The list of commands, by each of its names.
set -e
lanner --help
lanner help >again
lanner -h >third
lanner --help | cmp - again
cmp again third
