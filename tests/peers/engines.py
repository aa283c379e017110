"""How fast the engines that are here run the same networks, one input at a time on one thread, in turn, as a table.

    python -m venv peers && peers/bin/pip install -r tests/peers/requirements.txt
    cargo build --release --bin infer
    peers/bin/python tests/peers/engines.py models/digits.q8 models/digits.onnx models/digits-int8.onnx \\
        --network models/networks/digits.toml

Every file is run by each engine that takes it: .q8 and .onnx by `infer bench`, .onnx by ONNX Runtime and, if there is a
program `rten`, by that, .tflite by TensorFlow Lite with XNNPACK. `--network` makes a .tflite of a network, in 8 bits and with
random weights, which take as long as others. Times are the best of several rounds, for another program may run meanwhile.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROUNDS = 5
SECONDS = 0.4


def best(run):
    """The least time of a run, in microseconds."""
    for _ in range(10):
        run()
    least, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        began = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - began)
    return least * 1e6


def of_infer(program, path):
    """The median of each engine of `infer`; that of the fastest round counts."""
    command = [program, "bench", "--json", "--threads", "1", "--seconds", str(SECONDS), "--model", path]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for speed in json.loads(printed)["speeds"]:
        yield f"infer, {speed['engine']}", speed["p50_microseconds"]


def of_onnx_runtime(path):
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in first.shape]
    inputs = {first.name: np.random.default_rng(0).random(shape, np.float32)}
    yield "ONNX Runtime", best(lambda: session.run(None, inputs))


def of_rten(path):
    one_thread = os.environ | {"RTEN_NUM_THREADS": "1"}
    printed = subprocess.run(["rten", path, "-n", "200"], capture_output=True, text=True, env=one_thread)
    found = re.search(r"min ([\d.]+)ms", printed.stdout + printed.stderr)
    if found:
        yield "rten", float(found[1]) * 1e3


def of_tensorflow_lite(path):
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    first = interpreter.get_input_details()[0]
    values = np.random.default_rng(0).integers(0, 100, first["shape"]).astype(first["dtype"])
    interpreter.set_tensor(first["index"], values)
    yield "TensorFlow Lite, XNNPACK", best(interpreter.invoke)


def tensorflow_lite(description, path):
    """Writes a network in 8 bits."""
    import numpy as np
    import tensorflow as tf
    from keras_network import network

    model = network(description)
    random = np.random.default_rng(0)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    shape = (1, *model.input_shape[1:])
    converter.representative_dataset = lambda: ([random.random(shape, np.float32)] for _ in range(50))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(path).write_bytes(converter.convert())


def measured(path, infer):
    engines = []
    if path.endswith((".q8", ".onnx")):
        engines.append(lambda: of_infer(infer, path))
    if path.endswith(".onnx"):
        engines.append(lambda: of_onnx_runtime(path))
        if shutil.which("rten"):
            engines.append(lambda: of_rten(path))
    if path.endswith(".tflite"):
        engines.append(lambda: of_tensorflow_lite(path))
    for engine in engines:
        try:
            yield from engine()
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            print(f"left out for {path}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="files: .q8, .onnx, .tflite")
    parser.add_argument("--network", help="a network's file, of which a .tflite is made")
    parser.add_argument("--infer", default="target/release/infer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.network:
            path = str(Path(folder) / (Path(options.network).stem + ".tflite"))
            tensorflow_lite(options.network, path)
            options.models.append(path)
        least = {}
        for _ in range(ROUNDS):
            for model in options.models:
                for engine, microseconds in measured(model, options.infer):
                    key = (Path(model).name, engine)
                    least[key] = min(microseconds, least.get(key, float("inf")))
    width = [max(len(key[column]) for key in least) for column in (0, 1)]
    for (model, engine), microseconds in least.items():
        print(f"{model:{width[0]}}  {engine:{width[1]}}  {microseconds:9.1f} us")


if __name__ == "__main__":
    main()
