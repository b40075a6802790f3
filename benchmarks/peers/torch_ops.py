"""The ops suite in PyTorch: an op from its spec (src/ops/op-case.ts), as a function that does it once.

A forward call records nothing. A backward call is torch.autograd.grad through an op that was recorded beforehand, from a
given gradient, with the record kept: the backward pass and nothing else.
"""
import time

import torch
import torch.nn.functional as F


def backward(result, inputs):
    gradient = torch.randn_like(result)
    return lambda: torch.autograd.grad(result, inputs, gradient, retain_graph=True)


def matmul(spec):
    m, n, k = spec["m"], spec["n"], spec["k"]
    a = torch.randn(k, m).t() if spec["transposed"] == "a" else torch.randn(m, k)
    b = torch.randn(n, k).t() if spec["transposed"] == "b" else torch.randn(k, n)
    return lambda: torch.matmul(a, b)


def conv2d(spec):
    direction, inputs, kernel = spec["direction"], spec["inputs"], spec["kernel"]
    x = torch.randn(spec["batch"], inputs, spec["size"], spec["size"], requires_grad=direction == "input")
    weight = torch.randn(spec["outputs"], inputs // spec["groups"], kernel, kernel, requires_grad=direction == "weight")

    def convolve():
        return F.conv2d(x, weight, None, spec["stride"], spec["padding"], 1, spec["groups"])

    if direction == "forward":
        return convolve
    return backward(convolve(), [x if direction == "input" else weight])


def pool(spec):
    is_backward = spec["direction"] == "backward"
    x = torch.randn(*spec["shape"], requires_grad=is_backward)
    pooled = F.max_pool2d if spec["op"] == "maxPool2d" else F.avg_pool2d
    if is_backward:
        return backward(pooled(x, spec["kernel"]), [x])
    return lambda: pooled(x, spec["kernel"])


def layer(spec):
    op, shape = spec["op"], spec["shape"]
    is_backward = spec["direction"] == "backward"
    x = torch.randn(*shape, requires_grad=is_backward)
    inputs = [x]
    if op == "batchNorm":
        channels = shape[1]
        weight = torch.rand(channels, requires_grad=is_backward)
        bias = torch.rand(channels, requires_grad=is_backward)
        mean, variance = torch.zeros(channels), torch.ones(channels)
        inputs = [x, weight, bias]

        def call():
            return F.batch_norm(x, mean, variance, weight, bias, True)
    elif op == "softmax":
        def call():
            return F.softmax(x, 1)
    elif op == "crossEntropy":
        labels = torch.randint(shape[1], (shape[0],))

        def call():
            return F.cross_entropy(x, labels)
    elif op == "dropout":
        def call():
            return F.dropout(x)
    else:
        def call():
            return torch.relu(x)
    return backward(call(), inputs) if is_backward else call


def elementwise(spec):
    x, y, z = (torch.randn(spec["size"]) for _ in range(3))
    return {
        "add": lambda: torch.add(x, y),
        "mul": lambda: torch.mul(x, y),
        "exp": lambda: torch.exp(x),
        "chain": lambda: torch.relu(torch.add(torch.mul(x, y), z)),
        "chainInPlace": lambda: torch.mul(x, y).add_(z).relu_(),
    }[spec["op"]]


def strided_add(spec):
    rows, columns = spec["shape"]
    x = torch.randn(rows, columns)
    y = {
        "addRow": lambda: torch.randn(1, columns),
        "addColumn": lambda: torch.randn(rows, 1),
        "addTransposed": lambda: torch.randn(columns, rows).t(),
    }[spec["op"]]()
    return lambda: torch.add(x, y)


def total(spec):
    x, dim = torch.randn(*spec["shape"]), spec["dim"]
    return (lambda: torch.sum(x)) if dim is None else (lambda: torch.sum(x, dim))


def copy(spec):
    x = torch.randn(*spec["shape"])
    if spec["op"] == "clone":
        return lambda: x.clone()
    view = x.t() if spec["op"] == "transpose" else x.permute(0, 2, 3, 1)
    return lambda: view.contiguous()


def optimizer(spec):
    parameter = torch.randn(spec["size"], requires_grad=True)
    parameter.grad = torch.randn(spec["size"])
    if spec["op"] == "sgd":
        return torch.optim.SGD([parameter], lr=1e-6, momentum=0.9).step
    return torch.optim.Adam([parameter], lr=1e-6).step


BUILDERS = {
    "matmul": matmul, "conv2d": conv2d, "maxPool2d": pool, "avgPool2d": pool,
    "batchNorm": layer, "softmax": layer, "crossEntropy": layer, "dropout": layer, "relu": layer,
    "add": elementwise, "mul": elementwise, "exp": elementwise, "chain": elementwise,
    "chainInPlace": elementwise,
    "addRow": strided_add, "addColumn": strided_add, "addTransposed": strided_add,
    "sum": total, "clone": copy, "transpose": copy, "channelsLast": copy,
    "sgd": optimizer, "adam": optimizer,
}


class Op:
    """An op whose inputs are there."""

    def __init__(self, spec):
        self.call = BUILDERS[spec["op"]](spec)

    def run(self, repeats):
        call = self.call
        with torch.no_grad():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            return {"seconds": time.perf_counter() - start}
