# needs: shared-data
# A text is read, and quantize says what the importance matrix was used for.
set -e
for i in 1 2 3 4 5 6 7 8; do echo "Once upon a time there was a little girl who had a red ball."; done >text
lanner imatrix "$STORIES" --text text -o i.gguf --ctx 64 --chunks 2
lanner quantize "$STORIES" q.gguf Q4_0 --imatrix i.gguf | grep blk.0.attn | sed 's/rmse [0-9.e-]*/rmse R/'
