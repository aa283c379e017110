"""Times of PyTorch for the digit network: on the CPU, and on a GPU eagerly and as a CUDA graph, at PyTorch's own precision
(convolutions in TF32 where the GPU has it) and in float32. `compare.py` starts this and reads what it prints."""

import argparse
import json
import time

import torch
from torch import nn

WARM_UP = 10


def network(device):
    """The layers, first values and optimiser of Keras."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1568, 128),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(128, 10),
    )
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.zeros_(parameter)
    return model.to(device).train()


class Eager:
    """Steps as a user writes them."""

    def __init__(self, device, images, labels, capturable=False):
        self.model = network(device)
        self.images, self.labels = images.clone(), labels.clone()
        parameters = self.model.parameters()
        self.optimizer = torch.optim.RMSprop(parameters, lr=1e-3, alpha=0.9, eps=1e-7, capturable=capturable)

    def compute(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()

    def step(self, images, labels):
        return self.compute(images, labels)


class Graph(Eager):
    """Steps as one CUDA graph, recorded once and played for each batch."""

    def __init__(self, device, images, labels):
        super().__init__(device, images, labels, capturable=True)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self.compute(self.images, self.labels)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.results = self.compute(self.images, self.labels)

    def step(self, images, labels):
        self.images.copy_(images)
        self.labels.copy_(labels)
        self.graph.replay()
        return self.results


def step_times(trainer, images, labels, steps):
    """Milliseconds of bare training steps on one batch, until loss and hits are read."""
    times = []
    for _ in range(WARM_UP + steps):
        start = time.perf_counter()
        [float(value) for value in trainer.step(images, labels)]
        times.append(1e3 * (time.perf_counter() - start))
    return times[WARM_UP:]


def epoch_time(trainer, images, labels, batch):
    """Mean milliseconds of a step in a loop over tensors in the device's memory, shuffled, losses read at its end."""
    start = time.perf_counter()
    order = torch.randperm(len(images), device=images.device)
    total = torch.zeros((), device=images.device)
    steps = len(images) // batch
    for index in range(steps):
        chosen = order[index * batch : (index + 1) * batch]
        loss, _ = trainer.step(images[chosen], labels[chosen])
        total += loss
    float(total)
    return 1e3 * (time.perf_counter() - start) / steps


def measured(name, make, device, arguments):
    batch, steps = arguments.batch, arguments.steps
    images = torch.rand((steps * batch, 1, 28, 28)).to(device)
    labels = torch.randint(0, 10, (steps * batch,)).to(device)
    trainer = make(device, images[:batch], labels[:batch])
    return {
        "name": f"PyTorch {torch.__version__}, {name}",
        "steps_ms": step_times(trainer, images[:batch], labels[:batch], steps),
        "epoch_step_ms": epoch_time(trainer, images, labels, batch),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    found = [measured("CPU", Eager, "cpu", arguments)]
    if torch.cuda.is_available():
        for precision, tf32 in (("", True), (", float32", False)):
            torch.backends.cudnn.allow_tf32 = tf32
            found.append(measured(f"CUDA eager{precision}", Eager, "cuda", arguments))
            found.append(measured(f"CUDA graph{precision}", Graph, "cuda", arguments))
    print(json.dumps(found))


main()
