#!/usr/bin/env python3
"""Compares our renderer with Jinja2 on every vendor's template and every conversation.

  oracle.py RENDER_JSON TEMPLATES_FOLDER [NPM_FOLDER]

Jinja2 is set up as Hugging Face's transformers does it and decides: the outputs must be equal byte
for byte, and where Jinja2 fails we must fail and name a line of the template. With NPM_FOLDER (it
holds node_modules/@huggingface/jinja) that implementation is run, too; where it differs from Jinja2
it is only counted, since it is the peer that is known to differ.
"""

import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).resolve().parent
NOW = 1753104323  # 2025-07-21 13:25:23 UTC
SKIPPED = 77  # what ctest takes for "skipped"


class Generation(jinja2.ext.Extension):
    """{% generation %}...{% endgeneration %}: only its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body).set_lineno(line)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def strftime_now(format):
    return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(
        tzinfo=None).strftime(format)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                      sort_keys=sort_keys)


def environment(sandbox=jinja2.sandbox.ImmutableSandboxedEnvironment):
    env = sandbox(trim_blocks=True, lstrip_blocks=True,
                  extensions=[Generation, "jinja2.ext.loopcontrols"])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = strftime_now
    return env


def render_jinja2(source, variables):
    """(text, None) or (None, error)."""
    try:
        return environment().from_string(source).render(**variables).encode(), None
    except Exception as error:  # whatever a template can raise
        return None, f"{type(error).__name__}: {error}"


def render_ours(program, template, variables):
    done = subprocess.run([program, template, variables, str(NOW)], capture_output=True, timeout=60,
                          check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{program} {template} {variables}: exit status {done.returncode}\n"
                 f"{done.stderr.decode(errors='replace')}")
    return (done.stdout, None) if done.returncode == 0 else (None, done.stderr.decode())


def render_npm(folder, cases):
    """Texts (None where it fails) of the cases, [template's source, variables]; None without it."""
    if folder is None or not (pathlib.Path(folder) / "node_modules/@huggingface/jinja").is_dir():
        return None
    done = subprocess.run(["node", str(HERE / "peer.mjs"), folder, str(NOW)],
                          input=json.dumps(cases), capture_output=True, text=True, timeout=300,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"peer.mjs: {done.stderr}")
    return json.loads(done.stdout)


def all_cases(templates):
    conversations = json.loads((HERE / "conversations.json").read_text(encoding="utf-8"))
    for template in templates:
        for name, variables in conversations.items():
            for prompt in (True, False):
                yield template, name + ("+prompt" if prompt else ""), {
                    "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": prompt,
                    **variables}


def check(program, template, name, variables, file):
    """(Jinja2's result, a line that says what is wrong or None)."""
    file.write_text(json.dumps(variables), encoding="utf-8")
    expected, reason = render_jinja2(template.read_text(encoding="utf-8"), variables)
    got, error = render_ours(program, template, file)
    where = f"{template.name} x {name}"
    if expected is None and got is not None:
        return expected, f"{where}: rendered, but Jinja2 fails: {reason}"
    if expected is None and "template line " not in error:
        return expected, f"{where}: an error without a line: {error}"
    if expected is not None and got is None:
        return expected, f"{where}: {error.strip()}"
    if expected != got:
        at = next((i for i, (a, b) in enumerate(zip(expected, got)) if a != b),
                  min(len(expected), len(got)))
        return expected, (f"{where}: differs at byte {at}\n  Jinja2: {expected[at - 40:at + 40]}"
                          f"\n  ours:   {got[at - 40:at + 40]}")
    return expected, None


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    npm = sys.argv[3] if len(sys.argv) > 3 else None
    templates = sorted(folder.glob("*.jinja"))
    if not templates:
        print(f"skipped: no templates in {folder}")
        sys.exit(SKIPPED)
    n_texts = n_errors = 0
    wrong, expected, peer_cases = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        for template, name, variables in all_cases(templates):
            text, line = check(program, template, name, variables,
                               pathlib.Path(scratch) / "variables.json")
            n_texts += text is not None
            n_errors += text is None
            expected.append(text)
            peer_cases.append([template.read_text(encoding="utf-8"), variables])
            if line:
                wrong.append(line)
    for line in wrong:
        print(line)
    print(f"{len(templates)} templates: {n_texts} texts and {n_errors} errors compared with "
          f"Jinja2 {jinja2.__version__}, {len(wrong)} differ")
    peer = render_npm(npm, peer_cases)
    if peer is None:
        print("@huggingface/jinja not compared: it is not installed")
    else:
        differs = sum(a != (b.encode() if b is not None else None)
                      for a, b in zip(expected, peer))
        print(f"@huggingface/jinja: {len(peer) - differs} of {len(peer)} as Jinja2 has it")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
