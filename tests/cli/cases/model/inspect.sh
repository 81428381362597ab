# The summary, all metadata, and the tensors when asked.
# needs: shared-data
set -e
lanner inspect "$STORIES" --tensors
