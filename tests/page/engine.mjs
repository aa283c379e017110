// Compares the engine of the page, run by Node.js, with `infer predict` on many pictures: every number must be the same.
//
// node engine.mjs INFER ENGINE.wasm MODEL.q8 FOLDER-OF-OTHERS

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

const PICTURES = 40;
const SOURCE = 'infer/src/serve/page/engine.js';

const [infer, wasm, digits, others] = process.argv.slice(2);
const models = [digits, ...readdirSync(others).map((name) => join(others, name))];
const Engine = runInThisContext(`(() => {${readFileSync(SOURCE, 'utf8')}; return Engine; })()`);

let state = 1;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

// Strokes on a ground that is not quite even, in colours.
function picture(index) {
  const [width, height] = [20 + random(180), 20 + random(180)];
  const colour = () => [random(256), random(256), random(256)];
  const [ground, ink] = [colour(), colour()];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < width * height; at++) {
    data.set([...ground.map((value) => value + random(6)), 255], 4 * at);
  }
  // The first one is left blank.
  for (let stroke = 0; stroke < Math.min(index, 4); stroke++) {
    let [x, y] = [random(width), random(height)];
    const [right, down] = [random(5) - 2, random(5) - 2];
    for (let step = 0; step < 30; step++, x += right, y += down) {
      for (let dot = 0; dot < 9; dot++) {
        const [column, row] = [x + (dot % 3), y + Math.floor(dot / 3)];
        if (column >= 0 && row >= 0 && column < width && row < height) data.set(ink, 4 * (row * width + column));
      }
    }
  }
  return { data, width, height };
}

function save(path, { data, width, height }) {
  const rgb = data.filter((_, at) => at % 4 < 3);
  writeFileSync(path, Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), Buffer.from(rgb)]));
}

// What `infer` prints of each picture, or nothing where it has refused it.
function predictions(model, isOfDigits, files) {
  const prepare = isOfDigits ? ['--prepare', 'centred'] : [];
  const words = ['predict', '--json', '--engine', 'int8', '--model', model, ...prepare, ...files];
  let lines;
  try {
    lines = execFileSync(infer, words, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (error) {
    lines = error.stdout;
  }
  const found = String(lines).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return new Map(found.map((one) => [one.file, one]));
}

function answer(engine, picture) {
  try {
    return engine.answer(picture);
  } catch {
    return null;
  }
}

function same(found, expected) {
  if (!found || !expected) return !found && !expected;
  const { probabilities, integers, score, accepted } = expected;
  if (accepted !== undefined && accepted !== found.accepted) return false;
  if (score !== undefined) return found.first === Math.round(256 * score);
  const numbers = integers ?? probabilities.map((share) => 65536 * share);
  const isFirst = integers !== undefined || found.first === expected.class;
  return isFirst && numbers.length === found.values.length && numbers.every((one, at) => one === found.values[at]);
}

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const pictures = Array.from({ length: PICTURES }, (_, index) => picture(index));
const files = pictures.map((_, index) => join(folder, `${index}.ppm`));
pictures.forEach((picture, index) => save(files[index], picture));
let [compared, refused, tried] = [0, 0, 0];
try {
  for (const model of models) {
    let engine;
    try {
      engine = await Engine.start(readFileSync(wasm), readFileSync(model));
    } catch (error) {
      // `infer` gives such a model no picture either.
      if (error.message !== 'the model takes no pictures') throw error;
      continue;
    }
    tried += 1;
    const { rows, columns, channels } = engine.facts;
    const isOfDigits = rows === 28 && columns === 28 && channels === 1;
    const expected = predictions(model, isOfDigits, files);
    files.forEach((file, index) => {
      const found = answer(engine, pictures[index]);
      if (!same(found, expected.get(file))) {
        throw new Error(`${model}, picture ${index}: expected ${JSON.stringify(expected.get(file))}, found ${JSON.stringify(found)}`);
      }
      compared += 1;
      refused += found ? 0 : 1;
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (tried < 3 || compared < 3 * PICTURES || refused === 0 || refused > compared / 2) {
  throw new Error(`expected answers of several models, found ${compared} by ${tried} models, ${refused} of them refused`);
}
console.log(`${compared} answers of ${tried} models are the same, ${refused} of them refusals`);
