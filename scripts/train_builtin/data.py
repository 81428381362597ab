"""The training and held-out text, the token stream and its windows."""
import pathlib
import re

import numpy as np

HELD_OUT = 0.05  # the last 5 % of the bytes of war-and-peace.txt


def load(folder):
    """(list of training texts, held-out text); the bytes as they are, only CRLF -> LF, no BOM."""
    def read(name):
        raw = (pathlib.Path(folder) / name).read_bytes()
        return raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    war = read("war-and-peace.txt")
    cut = int(len(war) * (1 - HELD_OUT))
    while war[cut] & 0xC0 == 0x80:  # not inside a UTF-8 sequence
        cut += 1
    train = [war[:cut].decode(), read("tinyshakespeare.txt").decode()]
    return train, war[cut:].decode()


def documents(texts):
    """Chapters of the novel; the plays, which carry no headings, by 24 speeches each."""
    novel, plays = texts
    docs = [d for d in re.split(r"(?=^CHAPTER [IVXLC]+$)", novel, flags=re.M) if d.strip()]
    speeches = re.split(r"(?<=\n\n)", plays)
    return docs + ["".join(speeches[i:i + 24]) for i in range(0, len(speeches), 24)]


def stream(texts, tok):
    """All documents as one id array, <|endoftext|> before each; and where paragraphs start."""
    ids, starts = [], []
    for doc in documents(texts):
        ids.append(tok.eot)
        for paragraph in re.split(r"(?<=\n\n)(?=\S)", doc):
            starts.append(len(ids))
            ids += tok.encode(paragraph)
    return np.array(ids, np.int64), np.array(starts, np.int64)


def batch(ids, starts, eot, rows, length, bos_share, rng):
    """Random windows; a share of them begins with <|endoftext|> and then a paragraph,
    so that text generated from the start token and a prompt is in distribution."""
    at = rng.integers(0, len(ids) - length - 1, rows)
    para = starts[starts < len(ids) - length - 1]
    is_bos = rng.random(rows) < bos_share
    at = np.where(is_bos, para[rng.integers(0, len(para), rows)] - 1, at)
    win = ids[at[:, None] + np.arange(length + 1)]
    win[is_bos, 0] = eot
    return win[:, :-1], win[:, 1:]
