# What quantize, synth and imatrix refuse before they begin: a wrong word, nothing to do, a rule.
lanner quantize in.gguf out.gguf; echo $?
lanner quantize in.gguf out.gguf Q4; echo $?
lanner quantize in.gguf out.gguf Q4_K_M; echo $?
lanner quantize in.gguf out.gguf Q4_K_M --keep ffn_down; echo $?
lanner quantize in.gguf out.gguf Q4_K_M --keep 'ffn_(=Q8_0'; echo $?
lanner quantize in.gguf out.gguf Q4_K_M --imatrix none.gguf; echo $?
lanner synth; echo $?
lanner synth qwen2.5-3b; echo $?
lanner synth qwen out.gguf; echo $?
lanner synth qwen2.5-3b:Q4 out.gguf; echo $?
lanner synth --list qwen2.5-3b; echo $?
lanner synth --json qwen2.5-3b out.gguf; echo $?
lanner imatrix model.gguf; echo $?
lanner imatrix model.gguf --text none.txt -o out.gguf; echo $?
ls
