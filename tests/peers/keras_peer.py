"""Times of Keras (TensorFlow on the CPU) for a network; `compare.py` starts this and reads what it prints."""

import argparse
import json
import time

import numpy as np
import tensorflow as tf

from keras_network import described, network

WARM_UP = 10


def compiled(path):
    model = network(path)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="rmsprop", loss=loss, metrics=["accuracy"])
    return model


def step_times(path, images, labels, steps):
    """Milliseconds of bare training steps on one batch, until loss and accuracy are read."""
    model = compiled(path)
    model.make_train_function()
    step = model.train_function
    batches = iter(tf.data.Dataset.from_tensors((tf.constant(images), tf.constant(labels))).repeat())
    times = []
    for _ in range(WARM_UP + steps):
        start = time.perf_counter()
        logs = step(batches)
        [float(value) for value in tf.nest.flatten(logs)]
        times.append(1e3 * (time.perf_counter() - start))
    return times[WARM_UP:]


def epoch_time(path, images, labels, batch):
    """Mean milliseconds of a step in `fit` on arrays, shuffled; an epoch before it warms up."""
    model = compiled(path)
    model.fit(images[: WARM_UP * batch], labels[: WARM_UP * batch], batch_size=batch, verbose=0)
    start = time.perf_counter()
    model.fit(images, labels, batch_size=batch, verbose=0)
    return 1e3 * (time.perf_counter() - start) / (len(images) // batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", required=True)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    random = np.random.default_rng(0)
    batch, steps = arguments.batch, arguments.steps
    path, file = arguments.network, described(arguments.network)
    channels, rows, columns = file["input"]
    images = random.random((steps * batch, rows, columns, channels), dtype=np.float32)
    labels = random.integers(0, file["classes"], steps * batch)
    found = {
        "name": f"Keras {tf.keras.__version__}, TensorFlow {tf.__version__}",
        "steps_ms": step_times(path, images[:batch], labels[:batch], steps),
        "epoch_step_ms": epoch_time(path, images, labels, batch),
    }
    print(json.dumps([found]))


main()
