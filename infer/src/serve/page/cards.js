// The answers of a model.

const MOST_BARS = 12;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

class Card {
  constructor(model) {
    this.model = model;
    this.engine = element("p", { className: "engine" });
    this.strong = element("strong");
    this.remark = element("span");
    this.verdict = element("p", { className: "verdict" }, this.strong, this.remark);
    this.bars = element("ol", { className: "bars" });
    const title = element("h2", {}, model.name);
    this.root = element("article", { className: "card" }, element("header", {}, title, this.engine), this.verdict, this.bars);
    this.empty();
  }

  // Whether the server is away; then the engine in the page stands in, for the model that it has.
  setAway(isAway, isLocal) {
    this.isAway = isAway && !isLocal;
    this.isLocal = isAway && isLocal;
    this.root.classList.toggle("away", this.isAway);
    if (this.isAway) this.empty();
    else this.setTime();
  }

  setTime(microseconds) {
    const { engine, input } = this.model;
    const where = this.isLocal ? "in this browser" : `${engine === "integer" ? "integer engine" : engine}, ${input.type}`;
    const time = microseconds === undefined ? "" : `, ${(microseconds / 1000).toFixed(2)} ms`;
    this.engine.textContent = this.isAway ? "needs the server" : `${where}${time}`;
  }

  empty() {
    this.setTime();
    this.spoken = "";
    this.verdict.classList.remove("doubtful");
    this.strong.textContent = "";
    this.remark.textContent = "";
    const { labels = [] } = this.model.output;
    this.setBars(labels.slice(0, MOST_BARS).map((label) => ({ label, share: 0, text: "" })));
  }

  show(prediction) {
    this.setTime(prediction.elapsed_microseconds);
    const doubt = prediction.accepted === false;
    this.verdict.classList.toggle("doubtful", doubt);
    if (prediction.probabilities) this.showClasses(prediction, doubt);
    else if (prediction.score !== undefined) this.showScore(prediction);
    else this.showValues(prediction);
    this.strong.classList.toggle("long", this.strong.textContent.length > 4);
    this.spoken = `${this.model.name}: ${this.strong.textContent}, ${this.remark.textContent}`;
  }

  showClasses({ label, class: best, probability, probabilities }, doubt) {
    this.strong.textContent = label;
    const accepted = doubt ? "not accepted: below the model's threshold" : "";
    this.remark.textContent = accepted || percent(probability);
    const { labels } = this.model.output;
    let bars = probabilities.map((share, at) => ({ label: labels[at], share, text: percent(share), isBest: at === best }));
    if (bars.length > MOST_BARS) bars = bars.sort((a, b) => b.share - a.share).slice(0, MOST_BARS);
    this.setBars(bars);
  }

  showScore({ score, threshold, accepted }) {
    this.strong.textContent = accepted ? "usual" : "strange";
    const limit = threshold === undefined ? "" : `, threshold ${threshold.toPrecision(4)}`;
    this.remark.textContent = `score ${score.toPrecision(4)}${limit}`;
  }

  showValues({ values, integers }) {
    const numbers = values ?? integers;
    this.strong.textContent = "";
    this.remark.textContent = numbers.slice(0, MOST_BARS).join("  ") + (numbers.length > MOST_BARS ? " ..." : "");
  }

  setBars(bars) {
    const bar = ({ label, share, text, isBest }) => {
      const fill = element("i");
      fill.style.width = percent(share).replace(" ", "");
      const track = element("span", { className: "track" }, fill);
      track.setAttribute("aria-hidden", "true");
      const of = (className, text) => element("span", { className }, text);
      return element("li", { className: isBest ? "best" : "" }, of("label", label), track, of("share", text));
    };
    this.bars.replaceChildren(...bars.map(bar));
  }
}
