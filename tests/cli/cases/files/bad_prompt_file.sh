# A prompt file that cannot be read is named, before the model is loaded.
mkdir folder
lanner run model.gguf -f missing.txt; echo $?
lanner run model.gguf -f folder; echo $?
lanner run model.gguf -f /dev/zero; echo $?
