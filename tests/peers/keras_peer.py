"""Times of Keras (TensorFlow on the CPU) for the digit network; `compare.py` starts this and reads what it prints."""

import argparse
import json
import time

import numpy as np
import tensorflow as tf

WARM_UP = 10


def network():
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ]
    )


def compiled():
    model = network()
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def step_times(images, labels, steps):
    """Milliseconds of bare training steps on one batch, until loss and accuracy are read."""
    model = compiled()
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


def epoch_time(images, labels, batch):
    """Mean milliseconds of a step in `fit` on arrays, shuffled; an epoch before it warms up."""
    model = compiled()
    model.fit(images[: WARM_UP * batch], labels[: WARM_UP * batch], batch_size=batch, verbose=0)
    start = time.perf_counter()
    model.fit(images, labels, batch_size=batch, verbose=0)
    return 1e3 * (time.perf_counter() - start) / (len(images) // batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    random = np.random.default_rng(0)
    batch, steps = arguments.batch, arguments.steps
    images = random.random((steps * batch, 28, 28, 1), dtype=np.float32)
    labels = random.integers(0, 10, steps * batch)
    found = {
        "name": f"Keras {tf.keras.__version__}, TensorFlow {tf.__version__}",
        "steps_ms": step_times(images[:batch], labels[:batch], steps),
        "epoch_step_ms": epoch_time(images, labels, batch),
    }
    print(json.dumps([found]))


main()
