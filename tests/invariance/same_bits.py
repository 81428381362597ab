#!/usr/bin/env python3
"""The same prompt gives the same tokens and the same logits, however they are computed.

Usage: same_bits.py LANNER MODEL... [--brief MODEL...]

Runs the program with every instruction set level of this machine, 1, 2 and 4 threads, and the
prompt in pieces of 1, 7, 64 and 128 tokens, and compares tokens, text and logits hash. What ran is
read from --json, so that a run that silently used other kernels, or left a worker without work,
fails too. Models after --brief take every level and piece, but take turns in the threads.
"""
import itertools
import json
import subprocess
import sys

LEVELS = ["scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "amx"]
DISTINCT = ["scalar", "avx2", "avx512vnni"]  # no kernel of one serves the other
THREADS = (1, 2, 4)
PIECES = (1, 7, 64, 128)
PROMPT = "Once upon a time there was a prince who lived in a house by the sea. " * 6
N_TOKENS = 24
ANSWER = ("tokens", "text", "logits_hash", "prompt_tokens")


def run(lanner, model, level, threads, ubatch, *more):
    command = [lanner, "run", model, "--raw", "--json", "--logits-hash", "-p", PROMPT,
               "-n", str(N_TOKENS), "--isa", level, "--threads", str(threads),
               "--ubatch", str(ubatch), *more]
    done = subprocess.run(command, capture_output=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def machine_has(lanner, model, level):
    """Whether the level can be asked for; what the machine lacks is refused by name, exit 1."""
    done = subprocess.run([lanner, "run", model, "-p", "a", "-n", "1", "--isa", level],
                          capture_output=True, timeout=300)
    if done.returncode == 0:
        return True
    if level.encode() in done.stderr and done.returncode == 1:
        return False
    sys.exit(f"--isa {level}: exit {done.returncode}: {done.stderr.decode()}")


def check_kernels(kernels):
    """kernels: level -> {operation: kernel}. No two distinct levels may name the same kernel."""
    problems = []
    for a, b in itertools.combinations([level for level in DISTINCT if level in kernels], 2):
        for op in kernels[a]:
            if kernels[a][op] == kernels[b][op]:
                problems.append(f"{op}: levels {a} and {b} both run {kernels[a][op]}")
    return problems


def check_setup(result, level, threads, ubatch):
    """What ran, if it is not what was asked for."""
    if result["isa"] != level or result["threads"] != threads:
        yield f"ran {result['isa']} with {result['threads']} threads"
    if len(result["worker_panels"]) != threads:
        yield f"shares of the workers {result['worker_panels']}"
    if result["ubatch"] != ubatch or result["prompt_tokens"] <= 64:
        yield "the prompt was not cut as asked"


def check_model(lanner, model, levels):
    problems, kernels, n_runs = [], {}, 0
    for more in (["--temp", "0"], ["--temp", "0.9", "--seed", "11"]):
        first = None
        for level, threads, ubatch in itertools.product(levels, THREADS, PIECES):
            if more[1] != "0" and (threads, ubatch) not in ((2, 7), (4, 128)):
                continue  # sampling adds nothing that depends on most of these
            result = run(lanner, model, level, threads, ubatch, *more)
            n_runs += 1
            name = f"{model} --isa {level} --threads {threads} --ubatch {ubatch} {' '.join(more)}"
            kernels[level] = result["kernels"]
            answer = [result[key] for key in ANSWER]
            first = first or answer
            if answer != first:
                problems.append(f"{name}: {answer} instead of {first}")
            problems += [f"{name}: {p}" for p in check_setup(result, level, threads, ubatch)]
            if 0 in result["worker_panels"]:
                problems.append(f"{name}: shares of the workers {result['worker_panels']}")
    return problems + check_kernels(kernels), n_runs


def check_brief(lanner, model, levels):
    """Not that each worker has work: a tiny model's may be done before one is awake."""
    problems, first, n_runs = [], None, 0
    for i, level in enumerate(levels):
        for j, ubatch in enumerate(PIECES):
            threads = THREADS[(i + j) % len(THREADS)]
            result = run(lanner, model, level, threads, ubatch, "--temp", "0")
            n_runs += 1
            name = f"{model} --isa {level} --threads {threads} --ubatch {ubatch}"
            answer = [result[key] for key in ANSWER]
            first = first or answer
            if answer != first:
                problems.append(f"{name}: {answer} instead of {first}")
            problems += [f"{name}: {p}" for p in check_setup(result, level, threads, ubatch)]
    return problems, n_runs


def main(lanner, *models):
    at = models.index("--brief") if "--brief" in models else len(models)
    levels = [level for level in LEVELS if machine_has(lanner, models[0], level)]
    print("levels of this machine:", ", ".join(levels))
    problems, n_runs = [], 0
    for i, model in enumerate(models):
        if i == at:
            continue
        found, n = (check_model if i < at else check_brief)(lanner, model, levels)
        problems += found
        n_runs += n
    for problem in problems:
        print(problem)
    print(f"{n_runs} runs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
