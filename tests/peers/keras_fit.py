"""Fits a network of Baton's in Keras by a recipe of Baton's, to compare what both reach and how long an epoch takes.

    peers/bin/python tests/peers/keras_fit.py --network models/networks/fashion.toml --recipe models/recipes/pictures.toml \\
        --data fashion.npz

The data are arrays x_train, y_train, x_test, y_test; every tenth training picture is set apart to choose by. The network, the
optimiser, the schedule and the random changes are those of the two files, in Keras's own layers. A line of JSON at the end
has the figures of each epoch and the accuracy on the test set after the last one.
"""

import argparse
import json
import math
import time

import numpy as np
import tensorflow as tf

from keras_network import described, network

layers = tf.keras.layers
PEAK = 0.3


def changes(recipe):
    """The random changes of a recipe, as layers that run before the step."""
    known = {
        "flip": lambda value: layers.RandomFlip("horizontal" if value == "horizontal" else "horizontal_and_vertical"),
        "shift": lambda value: layers.RandomTranslation(value, value, fill_mode="constant"),
        "rotate": lambda value: layers.RandomRotation(value / 360, fill_mode="constant"),
        "scale": lambda value: layers.RandomZoom((1 / value[1] - 1, 1 / value[0] - 1), fill_mode="constant"),
        "brightness": lambda value: layers.RandomBrightness(value, value_range=(0, 1)),
        "contrast": lambda value: layers.RandomContrast(value, value_range=(0, 1)),
    }
    return [known[name](value) for entry in recipe.get("augment", []) for name, value in entry.items()]


class OneCycle(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Up from a 25th in the first three tenths, then down to nearly zero, along half a wave each."""

    def __init__(self, rate, steps):
        self.rate, self.steps = rate, steps

    def __call__(self, step):
        share = tf.cast(step, tf.float32) / self.steps
        wave = lambda share: (tf.cos(math.pi * share) + 1) / 2
        up = 1 - 0.96 * wave(share / PEAK)
        down = 1e-4 + (1 - 1e-4) * wave((share - PEAK) / (1 - PEAK))
        return self.rate * tf.where(share < PEAK, up, down)


def optimizer(recipe, steps):
    rate = recipe.get("learning_rate", 0.001)
    schedule = recipe.get("schedule", "constant")
    if schedule not in ("constant", "one_cycle"):
        raise SystemExit(f"error: expected a schedule that this script knows, found {schedule}")
    rate = OneCycle(rate, steps) if schedule == "one_cycle" else rate
    return tf.keras.optimizers.get({"class_name": recipe.get("optimizer", "rmsprop"), "config": {"learning_rate": rate}})


def pixels(images):
    images = images.astype(np.float32) / 255
    return images if images.ndim == 4 else images[..., None]


class Epochs(tf.keras.callbacks.Callback):
    """What came of each epoch, and how long it took with its measurement."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        figures = {name: round(float(value), 4) for name, value in logs.items() if name != "learning_rate"}
        self.found.append(figures | {"seconds": round(time.perf_counter() - self.start, 1)})
        print(self.found[-1], flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True, help="a network's file")
    parser.add_argument("--recipe", required=True, help="a recipe's file")
    parser.add_argument("--data", required=True, help="arrays (.npz)")
    parser.add_argument("--epochs", type=int, help="epochs (the recipe's)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tf.keras.utils.set_random_seed(arguments.seed)
    recipe = described(arguments.recipe)
    data = np.load(arguments.data)
    (images, labels), test = (pixels(data["x_train"]), data["y_train"]), (pixels(data["x_test"]), data["y_test"])
    apart = np.arange(len(images)) % 10 == 9
    classes, batch = int(labels.max()) + 1, recipe.get("batch", 128)
    epochs = arguments.epochs or recipe.get("epochs", 2)
    model = network(arguments.network, images.shape[1:], classes)
    steps = math.ceil((~apart).sum() / batch)
    model.compile(
        optimizer=optimizer(recipe, epochs * steps),
        loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.get("label_smoothing", 0.0)),
        metrics=["accuracy"],
    )
    change = tf.keras.Sequential(changes(recipe))
    one_hot = lambda labels: tf.one_hot(labels, classes)
    learnt = tf.data.Dataset.from_tensor_slices((images[~apart], labels[~apart])).shuffle(int((~apart).sum()))
    learnt = learnt.batch(batch).map(lambda x, y: (change(x, training=True), one_hot(y)), tf.data.AUTOTUNE)
    measured = lambda x, y: tf.data.Dataset.from_tensor_slices((x, one_hot(y))).batch(500)
    epoch_figures = Epochs()
    model.fit(
        learnt.prefetch(tf.data.AUTOTUNE),
        epochs=epochs,
        validation_data=measured(images[apart], labels[apart]),
        callbacks=[epoch_figures],
        verbose=0,
    )
    accuracy = model.evaluate(measured(*test), verbose=0)[1]
    print(json.dumps({"parameters": model.count_params(), "epochs": epoch_figures.found, "test_accuracy": round(accuracy, 4)}))


main()
