# Both -p and -f: refused before the model is looked at.
# exit: 2
lanner run no-such-model.gguf -p text -f file
