# Options of sampling: errors name the option, its value and what is allowed.
lanner run --samplers 'top_k;warmth'; echo $?
lanner run --samplers 'top_k,top-k'; echo $?
lanner run --logit-bias 3=x; echo $?
lanner run --logit-bias=-3=1; echo $?
lanner run --logprobs 21 --json; echo $?
lanner run --logprobs 2; echo $?
lanner run --repeat-last-n -2; echo $?
lanner run --mirostat 3; echo $?
lanner run --tfs 0; echo $?
lanner run --dry-base 0.5; echo $?
lanner run --dry-sequence-breaker ''; echo $?
