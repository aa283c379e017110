// The pad: black ink on white, by pointer or by keyboard; or a picture to look at.
class Pad {
  #canvas;
  #context;
  #changed;
  // Where the pen is, and whether the keyboard has put it down.
  #pen = { x: 140, y: 70, isDown: false };
  #picture = null;

  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
    this.#changed = changed;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("keydown", (event) => this.#press(event));
  }

  get isBlank() {
    return !this.#canvas.parentElement.classList.contains("used");
  }

  clear() {
    this.#picture = null;
    this.#pen.isDown = false;
    const { width, height } = this.#canvas;
    this.#context.fillStyle = "#fff";
    this.#context.fillRect(0, 0, width, height);
    this.#show(false);
  }

  // Shows a picture, as large as it fits.
  show(picture) {
    this.clear();
    this.#picture = picture;
    const { width, height } = this.#canvas;
    const scale = Math.min(width / picture.width, height / picture.height);
    const size = [picture.width * scale, picture.height * scale];
    this.#context.drawImage(picture, (width - size[0]) / 2, (height - size[1]) / 2, ...size);
    this.#show(true);
  }

  // The drawing for the engine in this browser.
  pixels() {
    const { width, height } = this.#canvas;
    return this.#context.getImageData(0, 0, width, height);
  }

  // The drawing for the server, every pixel as it is.
  file() {
    return new Promise((done) => this.#canvas.toBlob(done, "image/png"));
  }

  #show(isUsed) {
    this.#canvas.parentElement.classList.toggle("used", isUsed);
    this.#canvas.classList.toggle("picture", this.#picture !== null);
  }

  #begin(event) {
    if (event.button !== 0) return;
    if (this.#picture) this.clear();
    this.#canvas.setPointerCapture(event.pointerId);
    Object.assign(this.#pen, this.#place(event), { isDown: false });
    this.#line(this.#pen);
    event.preventDefault();
    this.#canvas.focus({ preventScroll: true, focusVisible: false });
  }

  #move(event) {
    if (!this.#canvas.hasPointerCapture(event.pointerId)) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length > 0 ? events : [event]) this.#line(this.#place(one));
  }

  #press(event) {
    const steps = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };
    if (event.key in steps) {
      if (this.#picture) this.clear();
      const [right, down] = steps[event.key];
      const within = (at, side) => Math.max(0, Math.min(side, at));
      const { width, height } = this.#canvas;
      const next = { x: within(this.#pen.x + right, width), y: within(this.#pen.y + down, height) };
      if (this.#pen.isDown) this.#line(next);
      else Object.assign(this.#pen, next);
    } else if (event.key === " ") {
      this.#pen.isDown = !this.#pen.isDown;
      if (this.#pen.isDown) this.#line(this.#pen);
    } else if (event.key === "Delete" || event.key === "Escape") {
      this.clear();
      this.#changed();
    } else {
      return;
    }
    event.preventDefault();
  }

  #place(event) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) * this.#canvas.width) / width,
      y: ((event.clientY - top) * this.#canvas.height) / height,
    };
  }

  #line({ x, y }) {
    const context = this.#context;
    context.strokeStyle = "#000";
    context.lineWidth = 22;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(this.#pen.x, this.#pen.y);
    context.lineTo(x, y);
    context.stroke();
    Object.assign(this.#pen, { x, y });
    this.#show(true);
    this.#changed();
  }
}
