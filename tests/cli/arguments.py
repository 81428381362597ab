"""The command line that the unittest programs of this folder have in common."""
import argparse
import pathlib
import sys
import unittest


def take(doc):
    """The program, the trained model of the shared data, and unittest's own words. Without that
    data the test is skipped, aloud."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--lanner", required=True, help="the program")
    parser.add_argument("--shared-data", required=True, help="folder of test data from outside")
    args, words = parser.parse_known_args()
    data = pathlib.Path(args.shared_data).resolve()
    if not data.is_dir():
        print(f"skipped: no {data}")
        sys.exit()
    return (str(pathlib.Path(args.lanner).resolve()), str(data / "models" / "stories260K.gguf"),
            words)


def run(words):
    unittest.main(argv=[sys.argv[0], *words])
