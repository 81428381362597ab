#!/usr/bin/env python3
"""Measures lanner beside llama.cpp on the same files in the same minutes, for docs/measurements.

The two take turns, round by round, because a shared machine is not equally fast from one minute to
the next; figures are medians of rounds. llama.cpp is the npm package of scripts/peer_setup.sh, run
by ../shared/tools/peer_llama_cpp.mjs: with and without flash attention in the first round, then in
whichever way was faster. Tests: a prompt of 512 tokens; generation behind such a prompt; and
generation of 8 requests at once behind short prompts, summed.

Results are kept after every round (--results), so a run that was stopped goes on where it was; the
table is written at the end, of whatever there is. Models are synthetic (lanner synth) and are
removed after their last round.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = ["qwen2.5-3b:Q4_K_M", "qwen2.5-3b:Q5_K_M", "qwen2.5-3b:Q6_K", "qwen2.5-3b:Q8_0",
          "qwen2.5-3b:F16", "tinyllama-1.1b:Q4_K_M", "gemma3-1b:Q4_K_M"]
PROMPT, GEN = 512, 32
STREAMS, SHORT = 8, 16  # many requests behind short prompts
ROUNDS_MIN = 3  # even if the time is over
TESTS = ["prompt", "generation", "streams"]
TITLES = {"prompt": f"prompt {PROMPT}", "generation": f"generation at {PROMPT}",
          "streams": f"generation, {STREAMS} streams"}


def run(command, cwd=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def lanner_test(args, model, *words):
    out = run([args.lanner, "bench", model, "--json", "--reps", "1", "--warmup", "0",
               "--threads", args.threads, *words])
    return json.loads(out)["results"][0]


def lanner_round(args, model):
    """{test: row of lanner bench}"""
    rows = {"prompt": lanner_test(args, model, "--prompt", PROMPT, "--gen", 0),
            "generation": lanner_test(args, model, "--prompt", 0, "--gen", GEN, "--depth", PROMPT)}
    if not args.no_streams:
        rows["streams"] = lanner_test(args, model, "--prompt", 0, "--gen", GEN, "--depth", SHORT,
                                      "--streams", STREAMS)
    return rows


def peer_test(args, model, flash, prompt, streams):
    words = [prompt, GEN, 1, args.threads, streams, 1 if flash else 0]
    out = run(["node", args.shared / "tools" / "peer_llama_cpp.mjs", model, *words], cwd=args.peer)
    return json.loads(out.strip().splitlines()[-1])


def peer_round(args, model, flash):
    """{test: tokens per second}"""
    one = peer_test(args, model, flash, PROMPT, 1)
    speeds = {"prompt": one["prompt_tps"], "generation": one["gen_tps"]}
    if not args.no_streams:
        speeds["streams"] = peer_test(args, model, flash, SHORT, STREAMS)["gen_tps"]
    return speeds


def measure_round(args, model, rounds):
    """One more round of a model; which engine begins alternates."""
    first = not rounds
    ways = [True, False] if first else [rounds[0]["flash"]]
    result = {}
    parts = [lambda: result.update(lanner=lanner_round(args, model)),
             lambda: result.update(peer={way: peer_round(args, model, way) for way in ways})]
    for part in parts if len(rounds) % 2 == 0 else reversed(parts):
        part()
    # The better way is that of the sum of relative speeds, so that no test decides alone.
    best = max(ways, key=lambda way: sum(result["peer"][way][test] / result["peer"][ways[0]][test]
                                         for test in result["peer"][way]))
    result["flash"], result["peer"] = best, result["peer"][best]
    return result


def measure_model(args, name, results, seconds):
    rounds = results.setdefault(name, [])
    if len(rounds) >= args.rounds:
        return
    path = args.peer / "models" / f"{name.replace(':', '-')}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        run([args.lanner, "synth", name, path])
    start = time.monotonic()
    try:
        while len(rounds) < args.rounds:
            if len(rounds) >= ROUNDS_MIN and time.monotonic() - start > seconds:
                print(f"{name}: out of time after {len(rounds)} rounds", file=sys.stderr)
                break
            rounds.append(measure_round(args, path, rounds))
            args.results.write_text(json.dumps(results, indent=1))
            speeds = ", ".join(f"{test} {rounds[-1]['lanner'][test]['tokens_per_s']:.1f} to "
                               f"{rounds[-1]['peer'][test]:.1f}" for test in rounds[-1]["peer"])
            print(f"{name}: round {len(rounds)}: {speeds}", file=sys.stderr)
    finally:
        path.unlink(missing_ok=True)


def table_row(name, test, rounds):
    pick = lambda get: statistics.median(get(one) for one in rounds)
    ours = pick(lambda one: one["lanner"][test]["tokens_per_s"])
    theirs = pick(lambda one: one["peer"][test])
    ratio = pick(lambda one: one["lanner"][test]["tokens_per_s"] / one["peer"][test])
    roofline = pick(lambda one: one["lanner"][test]["roofline_pct"])
    peak = pick(lambda one: one["lanner"][test]["peak_pct"])
    # what the peer reads per token is what lanner reads, and the same limit stands above both
    share = pick(lambda one: one["peer"][test] / one["lanner"][test]["tokens_per_s"])
    limit = roofline if test != "prompt" else peak
    return (f"| {name} | {TITLES[test]} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} | "
            f"{roofline:.0f} % | {peak:.0f} % | {limit * share:.0f} % | {len(rounds)} |")


def write_table(args, results):
    machine = json.loads(run([args.lanner, "machine", "--json"]))
    top = machine["peaks"][-1]
    lines = [
        f"# lanner beside llama.cpp, {datetime.date.today()}", "",
        f"Machine: {machine['cpu']}, {machine['cpus_granted']} CPUs, level {machine['isa']}; reads "
        f"{machine['bandwidth']['memory'][-1]['gbps']:.1f} GB/s, {top['int8_gmacs']:.0f} G int8 "
        f"and {top['f32_gmacs']:.0f} G f32 multiply-adds/s (after the runs). {platform.system()} "
        f"{platform.release()}. lanner: commit {args.commit}, {args.threads} threads. llama.cpp: "
        "node-llama-cpp as scripts/peer_setup.sh pins it, the better of flash attention on and "
        "off. Medians of alternating rounds by `bench/peer.py`; tokens/s; per cents are of the "
        "limits measured beside each repetition. \"llama.cpp's share\" is of bandwidth in "
        "generation and of the peak in prompts, counting lanner's bytes and multiply-adds.", "",
        "| model | test | lanner | llama.cpp | ratio | of bandwidth | of peak | llama.cpp's share "
        "| rounds |", "|---|---|---|---|---|---|---|---|---|"]
    for name, rounds in results.items():
        lines += [table_row(name, test, rounds) for test in TESTS
                  if rounds and all(test in one["peer"] for one in rounds)]
    args.out.write_text("\n".join(lines) + "\n")
    print(f"wrote {args.out}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS, help="SHAPE:TYPE ... (default: all)")
    parser.add_argument("--lanner", type=pathlib.Path, default=ROOT / "build" / "lanner")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--peer", type=pathlib.Path, default=ROOT / "build" / "peer",
                        help="folder of scripts/peer_setup.sh")
    parser.add_argument("--results", type=pathlib.Path, help="default: results.json in --peer")
    parser.add_argument("--out", type=pathlib.Path, help="the table (default: peer.md in --peer)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1200, help="for all models together")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-streams", action="store_true", help="leave out the streams")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    args = parser.parse_args()
    args.lanner, args.shared = args.lanner.resolve(), args.shared.resolve()
    args.peer = args.peer.resolve()
    args.results = (args.results or args.peer / "results.json").resolve()
    args.out = (args.out or args.peer / "peer.md").resolve()
    args.commit = run(["git", "-C", ROOT, "rev-parse", "--short=10", "HEAD"]).strip()
    run([ROOT / "scripts" / "peer_setup.sh"])
    keep = args.results.exists() and not args.fresh
    results = json.loads(args.results.read_text()) if keep else {}
    for left, name in zip(range(len(args.models), 0, -1), args.models):
        start = time.monotonic()
        measure_model(args, name, results, args.seconds / left)
        args.seconds -= time.monotonic() - start
    write_table(args, results)


if __name__ == "__main__":
    main()
