// What is drawn or given goes to the server, to each model of the group; without the server the engine in this page answers.

const $ = (id) => document.getElementById(id);
const embedded = JSON.parse($("data").textContent);
const isFile = location.protocol === "file:";
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// A picture larger than this is made smaller for the engine in this page.
const LOCAL_SIDE = 2048;
// Milliseconds without a change after which a screen reader hears the answers, and between looks for the server.
const SPEAK_AFTER = 700;
const LOOK_EVERY = 3000;

let models = embedded.models;
let group = [];
let cards = new Map();
let picture = null;
let token = null;
let engine = null;
let isAway = isFile;
let pending = false;
let isBusy = false;
let speaking = 0;

const pad = new Pad($("pad"), changed);

// Asking

function ask(address, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return fetch(address, { ...options, headers });
}

async function askServer(model, file) {
  const wish = model.input.picture.centres ? "?input=1&prepare=centred" : "?input=1";
  const address = `/v1/models/${model.name}/predict${wish}`;
  const response = await ask(address, { method: "POST", body: file });
  const answer = await response.json();
  if (answer.error) throw new Refused(answer.error.message);
  return answer.predictions[0];
}

class Refused extends Error {}

async function askHere(pixels) {
  if (!embedded.local) throw new Refused("The server is away, and no model has come with this page.");
  engine ??= await Engine.start(bytes(embedded.engine), bytes(embedded.local.file));
  const start = performance.now();
  try {
    const answer = engine.answer(pixels);
    return asPrediction(answer, Math.round(1000 * (performance.now() - start)));
  } catch (error) {
    throw new Refused(error.message);
  }
}

// What the engine in this page has found, as the server would say it.
function asPrediction({ first, accepted, values, input }, elapsed_microseconds) {
  const { output } = models.find(({ name }) => name === embedded.local.name);
  const common = { accepted, input, elapsed_microseconds };
  if (output.kind === "classes") {
    const probabilities = values.map((share) => share / 65536);
    return { label: output.labels[first], class: first, probability: probabilities[first], probabilities, ...common };
  }
  if (output.kind === "reconstruction") return { score: first / 256, threshold: output.threshold, ...common };
  return { integers: values, ...common };
}

// One round at a time; what changes meanwhile is asked next.
async function changed() {
  pending = true;
  if (isBusy) return;
  isBusy = true;
  while (pending) {
    pending = false;
    try {
      await answerAll();
    } catch (error) {
      $("problem").textContent = error.message;
      $("seen").hidden = true;
      for (const card of cards.values()) card.empty();
    }
  }
  isBusy = false;
}

async function answerAll() {
  $("problem").textContent = "";
  if (!picture && pad.isBlank) {
    $("seen").hidden = true;
    for (const card of cards.values()) card.empty();
    return;
  }
  if (!isAway) {
    const file = picture ? picture.file : await pad.file();
    try {
      const ask = async (model) => showAnswer(model, await askServer(model, file));
      await Promise.all(group.map(ask));
      return;
    } catch (error) {
      if (error instanceof Refused) throw error;
      leave();
    }
  }
  const pixels = picture ? pixelsOf(picture.bitmap) : pad.pixels();
  const prediction = await askHere(pixels);
  const model = models.find(({ name }) => name === embedded.local.name);
  showAnswer(model, prediction);
}

// A picture as a canvas has it.
function pixelsOf(bitmap) {
  const scale = Math.min(1, LOCAL_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

// Where answers come from

function leave() {
  isAway = true;
  showPlace();
}

async function look() {
  if (isFile) return;
  const isHere = await fetch("/healthz").then(({ ok }) => ok, () => false);
  if (isHere !== isAway) return;
  isAway = !isHere;
  showPlace();
  changed();
}

function showPlace() {
  const here = embedded.local ? "this browser, with the model that came with the page" : "nowhere";
  const away = isFile ? `Answers come from ${here}` : `The server is away. Answers come from ${here}`;
  $("place").textContent = isAway ? away : `Answers come from ${location.host}`;
  $("place").classList.toggle("away", isAway && !isFile);
  $("keep").parentElement.hidden = isAway || !embedded.local;
  if (isAway && embedded.local && !group.some(({ name }) => name === embedded.local.name)) {
    showGroup(models.find(({ name }) => name === embedded.local.name));
  }
  markCards();
}

function markCards() {
  for (const [name, card] of cards) card.setAway(isAway, name === embedded.local?.name);
}

// Answers

function showAnswer(model, prediction) {
  cards.get(model.name)?.show(prediction);
  if (prediction.input) showSeen(prediction.input);
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const spoken = [...cards.values()].map((card) => card.spoken);
    $("spoken").textContent = spoken.filter(Boolean).join("; ");
  }, SPEAK_AFTER);
}

function showSeen({ rows, columns, channels, pixels }) {
  const values = typeof pixels === "string" ? bytes(pixels) : pixels;
  const canvas = $("seen").querySelector("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const image = new ImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * at + channel] = values[at * channels + Math.min(channel, channels - 1)];
    }
    image.data[4 * at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  $("seen").hidden = false;
}

// Models

const inputOf = ({ input }) => JSON.stringify(input.picture ?? input.sizes);

// Shows a model, and beside it all that take the same.
function showGroup(model) {
  group = models.filter((other) => inputOf(other) === inputOf(model));
  cards = new Map(group.map((one) => [one.name, new Card(one)]));
  $("answers").replaceChildren(...[...cards.values()].map((card) => card.root));
  markCards();
  const { sizes, picture: taken } = model.input;
  $("giving").hidden = false;
  const isDrawn = taken?.centres === true;
  $("giving-title").textContent = isDrawn ? "Draw, or give a picture" : "Give a picture";
  $("hint").textContent = isDrawn ? "Draw here" : "Drop a picture here, or draw";
  $("shape").hidden = isDrawn;
  if (!taken) {
    $("giving-title").textContent = "No pictures";
    group = [];
  }
  for (const one of [$("pad-frame"), $("giving").querySelector(".buttons"), $("also")]) one.hidden = !taken;
  $("shape").textContent = taken
    ? `It becomes ${taken.rows} rows of ${taken.columns} pixels, ${taken.channels === 1 ? "grey" : "in colours"}.`
    : `This model takes arrays of shape ${sizes.join(" x ")}, over POST /v1/models/${model.name}/predict.`;
  picture = null;
  pad.clear();
  changed();
}

function showModels() {
  document.querySelector("main").hidden = false;
  const heads = models.filter((model, at) => models.findIndex((other) => inputOf(other) === inputOf(model)) === at);
  $("models").replaceChildren(...heads.map(({ name }) => element("option", { value: name }, name)));
  $("choice").hidden = heads.length < 2;
  showGroup(models[0]);
  showPlace();
}

// Giving

async function give(file) {
  if (!file || group.length === 0) return;
  try {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await createImageBitmap(file, options);
    picture = { file, bitmap };
    pad.show(bitmap);
    changed();
  } catch {
    $("problem").textContent = `Expected a picture that this browser can show, found ${file.name || "another file"}.`;
  }
}

for (const id of ["file", "camera"]) {
  $(id).addEventListener("change", ({ target }) => {
    give(target.files[0]);
    target.value = "";
  });
}
$("pad").addEventListener("pointerdown", () => (picture = null), { capture: true });
$("pad").addEventListener("keydown", ({ key }) => {
  if (key !== "Tab" && key !== "Shift") picture = null;
}, { capture: true });
$("clear").addEventListener("click", () => {
  picture = null;
  pad.clear();
  changed();
});
$("models").addEventListener("change", ({ target }) => showGroup(models.find(({ name }) => name === target.value)));
addEventListener("paste", ({ clipboardData }) => give(clipboardData.files[0]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  give(event.dataTransfer.files[0]);
});

// Light and dark

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
function showTheme() {
  const isDark = (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
  document.documentElement.toggleAttribute("data-dark", isDark);
  $("theme").setAttribute("aria-pressed", isDark);
}
$("theme").addEventListener("click", () => {
  const isDark = $("theme").getAttribute("aria-pressed") === "true";
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
  showTheme();
});
prefersDark.addEventListener("change", showTheme);
showTheme();

// With a token

$("entry").addEventListener("submit", async (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  const response = await ask("/v1/models").catch(() => null);
  $("problem").textContent = response?.ok ? "" : "Expected the token of this server, found another one, or no server.";
  if (!response?.ok) return;
  models = (await response.json()).models;
  $("entry").hidden = true;
  showModels();
});

if (models.length > 0) showModels();
else $("entry").hidden = false;
setInterval(look, LOOK_EVERY);
