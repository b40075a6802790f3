"""Training steps in PyTorch: the models of src/models.ts, written out as a user would."""
import math
import time

import torch
from torch import nn


def mlp():
    return nn.Sequential(
        nn.Linear(3072, 100), nn.ReLU(),
        nn.Linear(100, 100), nn.ReLU(),
        nn.Linear(100, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10))


def vgg():
    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(3, 32), *block(32, 32), nn.MaxPool2d(2),
        *block(32, 64), *block(64, 64), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4096, 10))


def alexnet():
    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]

    return nn.Sequential(
        *block(3, 64), nn.MaxPool2d(2),
        *block(64, 192), nn.MaxPool2d(2),
        *block(192, 384), *block(384, 256), *block(256, 256), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(4096, 1024), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(1024, 10))


# Constructor, batch size, shape of one input.
MODELS = {
    "mlp": (mlp, 128, (3072,)),
    "lenet": (lenet, 64, (3, 32, 32)),
    "vgg": (vgg, 64, (3, 32, 32)),
    "alexnet": (alexnet, 64, (3, 32, 32)),
}


class Training:
    """A model with its optimizer and one batch of noise."""

    def __init__(self, name):
        build, batch, shape = MODELS[name]
        torch.manual_seed(1)
        self.model = build()
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.x = torch.randn(batch, *shape)
        self.y = torch.randint(10, (batch,))

    def run(self, steps):
        start = time.perf_counter()
        for _ in range(steps):
            loss = self.loss(self.model(self.x), self.y)
            loss.backward()
            self.optimizer.step()
            # The faster of torch's two ways, and the default since 2.0.
            self.optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        if not math.isfinite(value):
            raise ArithmeticError(f"the loss is {value}")
        return {"seconds": time.perf_counter() - start, "loss": value}
