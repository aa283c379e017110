"""Time of one Keras training step of the digit network, for comparison with `cargo bench -p train`.

    pip install tensorflow-cpu && python tests/peers/keras_step.py
"""

import statistics
import time

import numpy as np
import tensorflow as tf

BATCH_SIZE = 128
STEPS = 60

layers = tf.keras.layers
model = tf.keras.Sequential(
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
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

random = np.random.default_rng(0)
images = tf.constant(random.random((BATCH_SIZE, 28, 28, 1), dtype=np.float32))
labels = tf.constant(random.integers(0, 10, BATCH_SIZE))
model.make_train_function()
step = model.train_function
batches = iter(tf.data.Dataset.from_tensors((images, labels)).repeat())

times = []
for index in range(10 + STEPS):
    start = time.perf_counter()
    logs = step(batches)
    [float(value) for value in tf.nest.flatten(logs)]
    if index >= 10:
        times.append(time.perf_counter() - start)
print(f"Keras {tf.keras.__version__}, TensorFlow {tf.__version__}: median {statistics.median(times) * 1e3:.1f} ms a step")
