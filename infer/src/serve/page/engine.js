"use strict";

// The integer engine in this browser: WebAssembly, which infer/web is the source of. It has no memory of its own; all of it
// is laid out here.
const REFUSALS = [
  "",
  "the file is no model",
  "the model takes no pictures",
  "the picture has a size that cannot be prepared",
  "expected a drawing, found a blank picture, or ink too faint",
  "there is not enough memory",
  "expected one drawing, found several, apart from each other; cut it to one of them",
];

class Engine {
  #exports;
  #file;
  facts;
  #free;

  // Bytes of the WebAssembly module, and of a model in a flash file.
  static async start(wasm, file) {
    const { instance } = await WebAssembly.instantiate(wasm);
    return new Engine(instance.exports, file);
  }

  constructor(exports, file) {
    this.#exports = exports;
    this.#free = exports.__heap_base.value;
    this.#file = { at: this.#take(file.length), length: file.length };
    this.#bytes(this.#file.at, file.length).set(file);
    const at = this.#take(20);
    this.#check(exports.describe(this.#file.at, file.length, at));
    const [arena, rows, columns, channels, outputs] = new Uint32Array(exports.memory.buffer, at, 5);
    this.facts = { arena, rows, columns, channels, outputs };
  }

  // What the model makes of a picture as a canvas gives it: for classes probabilities in 1/65536, else the output's integers;
  // and the pixels that the network has seen.
  answer({ data, width, height }) {
    const { arena, rows, columns, channels, outputs } = this.facts;
    const inputs = rows * columns * channels;
    const before = this.#free;
    const rgba = this.#take(data.length);
    const [work, seen, input] = [arena, inputs, inputs].map((length) => this.#take(length));
    const output = this.#take(4 * (outputs + 2));
    this.#free = before;
    this.#bytes(rgba, data.length).set(data);
    const { at, length } = this.#file;
    this.#check(this.#exports.answer(at, length, rgba, width, height, work, seen, input, output));
    const words = new Int32Array(this.#exports.memory.buffer, output, outputs + 2);
    const [first, accepted, ...values] = words;
    return {
      first,
      accepted: accepted === 1,
      values,
      input: { rows, columns, channels, pixels: this.#bytes(seen, inputs).slice() },
    };
  }

  // An address with room for so many bytes.
  #take(length) {
    const at = this.#free;
    this.#free = (at + length + 15) & ~15;
    const missing = this.#free - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / 65536));
    return at;
  }

  #bytes(at, length) {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }

  #check(refusal) {
    if (refusal !== 0) throw new Error(REFUSALS[refusal]);
  }
}
