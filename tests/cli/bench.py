#!/usr/bin/env python3
"""Looks at lanner machine and lanner bench from outside: the shape of their JSON, CSV and HTML,
figures that hang together, verdicts on planted samples, and a clean stop. No speed is asserted:
tests run beside other programs."""
import argparse
import csv
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

LANNER = MODEL = None  # set by main
LIMIT_S = 200
SMALL = ["--prompt", "64", "--gen", "16", "--reps", "2", "--warmup", "0", "--threads", "1"]
ROW = {"model", "test", "threads", "streams", "set", "tokens_per_s", "ci_low", "ci_high",
       "ci_coverage", "bytes_per_token", "gbps", "limit_gbps", "roofline_pct",
       "int8_macs_per_token", "f32_macs_per_token", "int8_peak_gmacs", "f32_peak_gmacs", "peak_pct",
       "load_ms", "ttft_ms", "rss_bytes", "samples"}
FACTS = {"cpu", "cores", "cpus", "cpus_granted", "cpu_quota", "caches", "numa_nodes",
         "memory_bytes", "free_bytes", "huge_pages", "isa"}


def lanner(*words, code=0):
    """Runs the program and returns (stdout, stderr) as text."""
    done = subprocess.run([LANNER, *words], capture_output=True, timeout=LIMIT_S)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, expected {code}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(), done.stderr.decode()


class Machine(unittest.TestCase):
    def test_limits(self):
        out, err = lanner("machine", "--json")
        got = json.loads(out)
        self.assertEqual(err, "")
        self.assertEqual(set(got), FACTS | {"clock_ghz", "threads", "bandwidth", "peaks"})
        self.assertGreaterEqual(got["cores"], 1)
        self.assertGreaterEqual(got["cpus"], got["cpus_granted"])
        memory = got["bandwidth"]["memory"]
        self.assertEqual([memory[0]["threads"], memory[-1]["threads"]], [1, got["threads"]])
        for row in memory:
            self.assertTrue(0.01 < row["gbps"] < 1e5, row)
            self.assertIn(row["how"], ("plain", "prefetched", "4 streams"))
        levels = [row["isa"] for row in got["peaks"]]
        self.assertEqual(levels[0], "scalar")
        self.assertIn(got["isa"], levels)
        for row in got["peaks"]:
            for name in ("int8_gmacs", "int8_gmacs_1", "f32_gmacs", "f32_gmacs_1"):
                self.assertTrue(0.001 < row[name] < 1e6, row)


class Bench(unittest.TestCase):
    def test_json(self):
        out, err = lanner("bench", MODEL, *SMALL, "--depth", "0,128", "--json")
        got = json.loads(out)
        self.assertEqual(err, "")
        self.assertEqual(set(got["machine"]), FACTS | {"buffer_bytes"})
        self.assertEqual([row["test"] for row in got["results"]],
                         ["pp64", "tg16", "pp64@d128", "tg16@d128"])
        for row in got["results"]:
            self.assertEqual(set(row), ROW)
            self.assertEqual((row["model"], row["threads"], row["streams"]), (MODEL, 1, 1))
            self.assertEqual(len(row["samples"]), 2)
            self.assertEqual((row["ci_low"], row["ci_high"]),
                             (min(row["samples"]), max(row["samples"])))
            self.assertAlmostEqual(row["tokens_per_s"], sum(row["samples"]) / 2, 6)
            self.assertEqual(row["ci_coverage"], 0.5)
            for name in ROW - {"model", "test", "set", "samples"}:
                self.assertGreater(row[name], 0, name)
            # bytes per token and their speed are two ways to tokens per second
            gbps = row["bytes_per_token"] * row["tokens_per_s"] / 1e9
            self.assertAlmostEqual(row["gbps"] / gbps, 1, 6)
        by_test = {row["test"]: row for row in got["results"]}
        weights = os.path.getsize(MODEL)
        one = by_test["tg16"]["bytes_per_token"]
        self.assertTrue(0.8 * weights < one < 1.1 * weights, one)  # all weights for every token
        self.assertLess(by_test["pp64"]["bytes_per_token"], one / 40)  # once for the micro-batch
        deep = by_test["tg16@d128"]["bytes_per_token"]
        shape = json.loads(lanner("inspect", MODEL, "--json")[0])["metadata"]
        arch = shape["general.architecture"]
        key = lambda name: shape[f"{arch}.{name}"]
        position = key("block_count") * key("attention.head_count_kv") * 4 * (
            key("embedding_length") // key("attention.head_count"))
        self.assertAlmostEqual(deep - one, 128 * position, delta=1)

    def test_settings_are_swept_and_named(self):
        keys = ["ubatch=32,64", "kv-type-k=F32", "kv-type-v=F32", "temp=0.5", "top-k=1",
                "top-p=0.9", "min-p=0.1", "repeat-penalty=1.1"]
        out, _ = lanner("bench", MODEL, *SMALL, "--set", " ".join(keys), "--json")
        rows = json.loads(out)["results"]
        self.assertEqual(len(rows), 4)
        rest = " " + " ".join(keys[1:])
        self.assertEqual({row["set"] for row in rows}, {"ubatch=32" + rest, "ubatch=64" + rest})
        bytes_of = {row["set"].split()[0]: row["bytes_per_token"] for row in rows
                    if row["test"] == "pp64"}
        self.assertGreater(bytes_of["ubatch=32"], 1.5 * bytes_of["ubatch=64"])
        help_text = " ".join(lanner("bench", "--help")[0].split())
        for word in keys:
            self.assertIn(word.split("=")[0], help_text)

    def test_streams_share_the_weights(self):
        out, _ = lanner("bench", MODEL, *SMALL, "--depth", "0,32", "--streams", "1,4", "--set",
                        "kv-type-k=F16,Q8_0", "--json")
        rows = {(row["test"], row["streams"], row["set"]): row["bytes_per_token"]
                for row in json.loads(out)["results"]}
        self.assertEqual(len(rows), 16)
        half, byte = "kv-type-k=F16", "kv-type-k=Q8_0"
        self.assertLess(rows["tg16", 4, half], rows["tg16", 1, half] / 3)
        self.assertLess(rows["tg16@d32", 4, half], rows["tg16@d32", 1, half] / 2.5)
        self.assertLess(rows["tg16@d32", 1, byte], rows["tg16@d32", 1, half])

    def test_csv_and_page(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "bench.html")
            strange = os.path.join(folder, 'a "<&> model.gguf')
            os.symlink(MODEL, strange)
            out, _ = lanner("bench", strange, *SMALL, "--csv", "--html", page)
            rows = list(csv.DictReader(io.StringIO(out, newline="")))
            self.assertEqual([row["test"] for row in rows], ["pp64", "tg16"])
            self.assertEqual({row["model"] for row in rows}, {strange})
            self.assertTrue(all(float(row["tokens_per_s"]) > 0 for row in rows))
            tree = xml.dom.minidom.parse(page)
            self.assertEqual(len(tree.getElementsByTagName("svg")), 3)
            self.assertEqual(len(tree.getElementsByTagName("circle")), 2)
            self.assertEqual(tree.getElementsByTagName("script"), [])
            self.assertNotIn("http", pathlib.Path(page).read_text().replace(
                "http://www.w3.org/", ""))  # nothing from elsewhere

    def test_two_models_take_turns(self):
        out, err = lanner("bench", MODEL, MODEL, "--prompt", "64", "--gen", "0", "--reps", "2")
        self.assertEqual(out.count("  pp64 "), 2)
        self.assertNotIn("  tg", out)
        self.assertEqual(err, "")

    def test_mistakes(self):
        for words, says in (
                (["--set", "ubacth=3"], "did you mean '--ubatch'"),
                (["--set", "ubatch=0"], "1 to 4096"),
                (["--set", "ubatch"], "KEY=VALUE"),
                (["--depth", "1,x"], "list of numbers"),
                (["--depth", "1,"], "list of numbers"),
                (["--threads", "0"], "list of numbers from 1"),
                (["--streams", "65"], "list of numbers from 1 to 64"),
                (["--prompt", "0", "--gen", "0"], "nothing to measure"),
                (["--json", "--csv"], "exclude each other"),
                (["--compare"], "two files"),
                (["--reps", "0"], "1 to 100"),
                (["--prompt", "100000"], "trained for")):
            out, err = lanner("bench", MODEL, *words, code=2)
            self.assertEqual(out, "", words)
            self.assertRegex(err, r"\Alanner: [^\n]*\n\Z")
            self.assertIn(says, err, words)
        _, err = lanner("bench", "synth:no-such:Q4_K_M", code=2)
        self.assertIn("no-such", err)
        _, err = lanner("bench", "missing.gguf", code=1)
        self.assertIn("missing.gguf", err)


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, **samples):
        rows = [{"model": "m", "test": test, "threads": 2, "streams": 1, "set": "",
                 "samples": values} for test, values in samples.items()]
        path = self.folder / name
        path.write_text(json.dumps({"results": rows}))
        return str(path)

    def test_verdicts_on_planted_samples(self):
        base = [100, 101, 102, 99, 98]
        a = self.write("a.json", up=base, down=base, same=base, few=base[:2], gone=base)
        b = self.write("b.json", up=[x * 1.2 for x in base], down=[x * 0.9 for x in base],
                       same=[100.5, 99.5, 98.5, 101.5, 100], few=[x * 2 for x in base[:2]])
        rows = {row["test"]: row for row in json.loads(lanner("bench", "--compare", a, b,
                                                              "--json")[0])}
        self.assertEqual({test: row["verdict"] for test, row in rows.items()},
                         {"up": "faster", "down": "slower", "same": "no difference",
                          "few": "too few samples"})
        self.assertAlmostEqual(rows["up"]["ratio"], 1.2, 6)
        self.assertTrue(1 < rows["up"]["low"] <= 1.2 <= rows["up"]["high"])
        self.assertAlmostEqual(rows["up"]["coverage"], 1 - 8 / 252, 9)
        text, _ = lanner("bench", "--compare", a, b)
        self.assertIn("1 faster, 1 slower, 1 no difference, 1 too few samples; 1 only in A", text)

    def test_a_result_beside_itself(self):
        path = str(self.folder / "own.json")
        out, _ = lanner("bench", MODEL, "--prompt", "64", "--gen", "8", "--reps", "4", "--json")
        pathlib.Path(path).write_text(out)
        got = json.loads(lanner("bench", "--compare", path, path, "--json")[0])
        self.assertEqual([row["verdict"] for row in got], ["no difference"] * 2)
        self.assertAlmostEqual(got[0]["ratio"], 1, 6)

    def test_files_that_are_no_results(self):
        good = self.write("good.json", pp=[1, 2, 3, 4])
        for text, says in (("", "line"), ("{", "line"), ("[1]", "results"),
                           ('{"a":1,"a":2}', "line"),
                           ('{"results":[{"model":"m"}]}', "result 0"),
                           ('{"results":[{"model":"m","test":"t","samples":[-1]}]}', "result 0"),
                           ('{"results":[{"model":"m","test":"t","samples":["x"]}]}', "result 0"),
                           ("[" * 100000, "line")):
            bad = self.folder / "bad.json"
            bad.write_text(text)
            for pair in ((str(bad), good), (good, str(bad))):
                out, err = lanner("bench", "--compare", *pair, code=1)
                self.assertEqual(out, "")
                self.assertRegex(err, r"\Alanner: [^\n]*\n\Z")
                self.assertIn(says, err)
        other = self.write("other.json", tg=[1, 2, 3, 4])
        self.assertIn("no row in common", lanner("bench", "--compare", good, other, code=2)[1])


class Stop(unittest.TestCase):
    def interrupt(self, words, when, env=None):
        """Sends Ctrl-C once `when` is true and returns (exit code, stdout, stderr)."""
        process = subprocess.Popen([LANNER, "bench", *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        end = time.monotonic() + LIMIT_S
        while not when(process) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
        return process.returncode, out, err

    def test_while_measuring(self):
        start = time.monotonic()
        code, out, err = self.interrupt([MODEL, "--reps", "100", "--prompt", "256"],
                                        lambda process: time.monotonic() > start + 1)
        self.assertEqual((code, out, err), (130, b"", b"lanner: interrupted\n"))

    def test_while_writing_a_made_up_model(self):
        with tempfile.TemporaryDirectory() as folder:
            code, out, err = self.interrupt(
                ["synth:qwen2.5-0.5b:Q4_K_M"], env={"TMPDIR": folder},
                when=lambda process: any(files for _, _, files in os.walk(folder)))
            self.assertEqual((code, out), (130, b""), err)
            self.assertEqual(os.listdir(folder), [])


def main():
    global LANNER, MODEL
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanner", required=True, help="the program")
    args, words = parser.parse_known_args()
    LANNER = str(pathlib.Path(args.lanner).resolve())
    root = pathlib.Path(__file__).resolve().parents[2]
    MODEL = str(root / "models" / "lanner-tiny-q8_0.gguf")
    unittest.main(argv=[sys.argv[0], *words])


if __name__ == "__main__":
    main()
