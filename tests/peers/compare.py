"""Training times of Baton's runtimes, of Keras and of PyTorch on this machine, in turn, as a table.

    python -m venv peers && peers/bin/pip install -r tests/peers/requirements.txt
    cargo build --release --bin train
    peers/bin/python tests/peers/compare.py

All train the same network with the same optimiser on batches of the same size. A step is on a batch that is ready and
ends when its loss is read; an epoch is what each one's own users write: `train fit`'s loop, `model.fit` on arrays, a loop
over shuffled tensors. Runtimes and packages that are not here are left out, each with the reason. Where there is a GPU,
`train fit` also shows how long it takes to an accuracy of 99 % on MNIST's test images.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEERS = Path(__file__).resolve().parent
RUNTIMES = ("cuda", "onnxruntime", "tract")
GOAL = 0.99
MOST_EPOCHS = 20
# The folder of this Python first: `train` looks for ONNX Runtime in the packages of the first one it meets.
ENVIRONMENT = os.environ | {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def last_line(text):
    return (text.strip().splitlines() or ["no reason given"])[-1]


def run(command):
    """What a command that ends with a line of JSON prints; a failure is reported and gives nothing."""
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        return None, last_line(done.stderr)
    return json.loads(last_line(done.stdout)), None


def baton(runtime, arguments):
    """Times of `train bench` in the form of the peers."""
    command = [arguments.train, "bench", "--json", "--runtime", runtime, "--network", arguments.network]
    found, reason = run(command + options(arguments))
    if not found:
        return [], reason
    times = {
        "name": f"Baton, {found['description']}",
        "steps_ms": [found["step"]["median_ms"]],
        "epoch_step_ms": found["epoch"]["step_ms"],
    }
    return [times], None


def peer(script, arguments):
    network = ["--network", str(network_file(arguments.network))] if script == "keras_peer.py" else []
    found, reason = run([sys.executable, str(PEERS / script), *network, *options(arguments)])
    return found or [], reason


def network_file(network):
    path = Path(network)
    return path if path.suffix else PEERS.parent.parent / "models" / "networks" / f"{network}.toml"


def options(arguments):
    return ["--batch", str(arguments.batch), "--steps", str(arguments.steps), *threads(arguments)]


def threads(arguments):
    return ["--threads", str(arguments.threads)] if arguments.threads else []


def measure(arguments):
    """All rounds: for each name the median steps and the steps of epochs, in milliseconds."""
    contestants = [(name, lambda name=name: baton(name, arguments)) for name in RUNTIMES]
    # PyTorch's network is written for the digits alone.
    scripts = ("keras_peer.py", "pytorch_peer.py") if arguments.network == "digits" else ("keras_peer.py",)
    contestants += [(script, lambda script=script: peer(script, arguments)) for script in scripts]
    results = {}
    for round_number in range(arguments.rounds):
        for contestant in list(contestants):
            label, work = contestant
            found, reason = work()
            if reason:
                print(f"not measured: {label}: {reason}")
                contestants.remove(contestant)
            for times in found:
                steps, epochs = results.setdefault(times["name"], ([], []))
                steps.append(statistics.median(times["steps_ms"]))
                epochs.append(times["epoch_step_ms"])
        print(f"round {round_number + 1} of {arguments.rounds} done", file=sys.stderr)
    return results


def print_table(results, batch):
    medians = {name: [statistics.median(times) for times in pair] for name, pair in results.items()}
    keras = next((pair for name, pair in medians.items() if name.startswith("Keras")), None)
    width = max(map(len, medians), default=0)
    print(f"{'':{width}}  step ms  x Keras  epoch: step ms  x Keras  images/s")
    for name, (step, epoch) in medians.items():
        ratios = [f"{step / keras[0]:.2f}", f"{epoch / keras[1]:.2f}"] if keras else ["", ""]
        speed = 1e3 * batch / epoch
        print(f"{name:{width}} {step:8.3f} {ratios[0]:>8} {epoch:15.3f} {ratios[1]:>8} {speed:9.0f}")


def time_to_goal(arguments):
    """Trains on the GPU and prints after how many seconds the goal is reached, from the start of the program."""
    # Messages go to a file: nobody would empty a pipe meanwhile.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as messages:
        command = [arguments.train, "fit", "--runtime", "cuda", "--epochs", str(MOST_EPOCHS), "--out", folder]
        command += threads(arguments)
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=messages, text=True, env=ENVIRONMENT) as fit:
            seconds = 0.0
            for line in fit.stdout:
                row = re.match(r"(\d+)/\d+ +[\d.]+ +[\d.]+ +[\d.]+ +([\d.]+) +([\d.]+)$", line)
                seconds += float(row[3]) if row else 0.0
                if row and float(row[2]) >= GOAL:
                    wall = time.perf_counter() - start
                    fit.terminate()
                    return print(f"accuracy {row[2]} after {row[1]} epochs: {seconds:.1f} s, {wall:.1f} s with the start")
        messages.seek(0)
        reason = last_line(messages.read()) if fit.returncode else f"{MOST_EPOCHS} epochs did not reach it"
        print(f"not measured: time to an accuracy of {GOAL}: {reason}")


def check(train):
    """Ends this program if `train` cannot be started."""
    try:
        subprocess.run([train, "--version"], capture_output=True, env=ENVIRONMENT)
    except OSError as error:
        remedy = "`cargo build --release --bin train` in the root of the repository makes target/release/train"
        sys.exit(f"error: {train} cannot be started: {error.strerror}; {remedy}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="digits", help="a network that comes with Baton, or its file (digits)")
    parser.add_argument("--threads", type=int, help="threads of each; its own choice by default")
    parser.add_argument("--batch", type=int, default=128, help="images of a step (128)")
    parser.add_argument("--steps", type=int, default=100, help="steps a round (100)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which medians are taken (3)")
    parser.add_argument("--train", default="target/release/train", help="the program `train` (target/release/train)")
    arguments = parser.parse_args()
    check(arguments.train)
    results = measure(arguments)
    print_table(results, arguments.batch)
    if arguments.network == "digits" and any(", CUDA, " in name for name in results):
        time_to_goal(arguments)


main()
