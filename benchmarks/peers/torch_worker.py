"""PyTorch's side of the benchmarks: a process that stays alive and does what it is told, one line of JSON at a time.

  > {"task": "train", "model": "lenet", "steps": 10}
  < {"seconds": 0.08, "loss": 2.3}
  > {"task": "overhead", "op": "add", "length": 1000, "repeats": 10}
  < {"seconds": 0.07}
  > {"task": "op", "case": {"name": "add 4M", "spec": {"op": "add", "size": 4194304}}, "repeats": 10}
  < {"seconds": 0.02}
  > {"task": "peak", "model": "lenet", "steps": 100}
  < {"seconds": 0.8, "loss": 2.2, "megabytes": 230}

The protocol is src/protocol.ts. Needs nothing but torch.
"""
import json
import resource
import sys
import time

import torch

from torch_ops import Op
from torch_train import Training


def chain(op, y, scale, shift, length):
    """`length` recorded ops one after another, on 16 elements."""
    if op == "add":
        for _ in range(length):
            y = y + shift
    elif op == "mul":
        for _ in range(length):
            y = y * scale
    elif op == "relu":
        for _ in range(length):
            y = torch.relu(y)
    else:
        for i in range(length):
            y = y + shift if i % 3 == 0 else y * scale if i % 3 == 1 else torch.relu(y)
    return y


def overhead(op, length, repeats):
    x = torch.rand(16, requires_grad=True)
    scale = torch.full((16,), 1.0001)
    shift = torch.full((16,), 0.001)
    start = time.perf_counter()
    for _ in range(repeats):
        chain(op, x, scale, shift, length).sum().backward()
        x.grad = None
    return {"seconds": time.perf_counter() - start}


def peak_megabytes():
    """The largest resident set of this program. getrusage knows of the time before exec, too."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    unit = 2 ** 20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


class Worker:
    """Keeps the model or the op that was asked for last."""

    def __init__(self):
        self.key, self.current = None, None

    def build(self, key, make):
        if self.key != key:
            self.key, self.current = None, None
            self.key, self.current = key, make()
        return self.current

    def answer(self, request):
        task = request["task"]
        if task == "overhead":
            return overhead(request["op"], request["length"], request["repeats"])
        if task == "op":
            case = request["case"]
            return self.build(("op", case["name"]), lambda: Op(case["spec"])).run(request["repeats"])
        if task not in ("train", "peak"):
            raise ValueError(f"{task} is not measured here")
        model = request["model"]
        answer = self.build(("train", model), lambda: Training(model)).run(request["steps"])
        return {**answer, "megabytes": peak_megabytes()} if task == "peak" else answer


def serve():
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"ready": True, "version": torch.__version__}), flush=True)
    serve()
