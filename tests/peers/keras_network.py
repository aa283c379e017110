"""Networks of Baton's files in Keras's layers."""

import tomllib

import tensorflow as tf

layers = tf.keras.layers
ACTIVATIONS = {"relu": lambda: layers.ReLU(), "relu6": lambda: layers.ReLU(6.0), "leaky": lambda: layers.LeakyReLU(0.01)}


def computed(entry, values, classes):
    """What the layer of an entry computes from values by name, the last one by the empty name."""
    kind = entry["layer"]
    given = entry.get("from", "")
    x = [values[name] for name in given] if isinstance(given, list) else values[given]
    bias = entry.get("bias", not entry.get("batch_norm", False))
    window = {"kernel_size": entry.get("kernel"), "strides": entry.get("stride", 1), "padding": entry.get("padding", "same")}
    match kind:
        case "conv":
            return layers.Conv2D(entry["filters"], use_bias=bias, **window)(x)
        case "depthwise":
            return layers.DepthwiseConv2D(use_bias=bias, **window)(x)
        case "dense":
            units = classes if entry["units"] == "classes" else entry["units"]
            return layers.Dense(units, use_bias=bias)(x if len(x.shape) == 2 else layers.Flatten()(x))
        case "max_pool":
            return layers.MaxPooling2D(entry["size"])(x)
        case "average_pool":
            return layers.AveragePooling2D(entry["size"])(x)
        case "global_pool":
            return layers.GlobalAveragePooling2D()(x)
        case "dropout":
            return layers.Dropout(entry["rate"])(x)
        case "flatten":
            return layers.Flatten()(x)
        case "add":
            return layers.Add()(x)
        case "concat":
            return layers.Concatenate()(x)
    raise SystemExit(f"error: expected a layer that this script knows, found {kind}")


def finished(x, entry):
    """With batch normalisation and activation, if the entry names them."""
    if entry.get("batch_norm"):
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(x)
    activation = ACTIVATIONS.get(entry.get("activation"))
    return activation()(x) if activation else x


def described(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def network(path, shape=None, classes=None):
    """The network of a file, for inputs [rows, columns, channels] and classes if they are not those that it names."""
    file = described(path)
    channels, rows, columns = file["input"]
    classes = classes or file["classes"]
    x = layers.Input(shape or (rows, columns, channels))
    values = {"input": x, "": x}
    for entry in file["layers"]:
        if entry["layer"] == "separable":
            values[""] = finished(computed(entry | {"layer": "depthwise"}, values, classes), entry)
            entry = {key: entry[key] for key in entry if key not in ("from", "stride")} | {"layer": "conv", "kernel": 1}
        x = finished(computed(entry, values, classes), entry)
        values |= {"": x, entry.get("name", ""): x}
    return tf.keras.Model(values["input"], x)
