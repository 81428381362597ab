# needs: shared-data
# Types and bytes of every tensor; rows of 64 weights take other types than the mix names.
set -e
lanner quantize "$STORIES" out.gguf Q4_K_M --threads 2 | sed 's/rmse [0-9.e-]*/rmse R/; s/[0-9.]* s;/T s;/'
lanner run out.gguf -p "Once upon a time" -n 8 --temp 0 >/dev/null 2>&1 && echo runs
lanner quantize "$STORIES" kept.gguf Q8_0 --keep 'attn_q=F16 ffn_up=Q4_0' | grep blk.0. | cut -c -60
lanner quantize out.gguf again.gguf Q8_0 2>&1 | sed 's/.*tensor/tensor/'
ls
