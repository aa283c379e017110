// Uses the page of `infer serve` in Chromium as people do, and takes pictures of it.
//
// node browser.mjs FOLDER-OF-PACKAGES INFER FOLDER-FOR-PICTURES SCENARIO

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packages, infer, figures, name] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(`${packages}/node_modules/playwright-core/index.mjs`));

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-first-run',
];
const MOST_BYTES = 400_000;
const LABELS = 'article.card .verdict strong';

// Strokes of a seven and of a three, in parts of the pad.
const SEVEN = [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]];
const THREE = [[[0.32, 0.24], [0.5, 0.17], [0.66, 0.28], [0.62, 0.42], [0.48, 0.48], [0.66, 0.55], [0.68, 0.7], [0.52, 0.82], [0.32, 0.75]]];

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const servers = [];

// A server of its own; returns its address.
async function serve(...words) {
  const server = spawn(infer, ['serve', '--listen', '127.0.0.1:0', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  const [line] = await once(createInterface(server.stdout), 'line');
  return line.replace('listening on ', '');
}

async function stop() {
  for (const server of servers.splice(0)) {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    assert.equal(server.exitCode, 0);
  }
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });

const complaints = [];

// A page whose complaints are heard.
async function open(address, options = {}) {
  const page = await (await browser.newContext(options)).newPage();
  page.on('pageerror', (error) => complaints.push(error.stack));
  await page.goto(address);
  return page;
}

async function draw(page, strokes) {
  const pad = await page.locator('#pad').boundingBox();
  const at = ([x, y]) => [pad.x + x * pad.width, pad.y + y * pad.height];
  for (const [first, ...others] of strokes) {
    await page.mouse.move(...at(first));
    await page.mouse.down();
    for (const point of others) await page.mouse.move(...at(point), { steps: 12 });
    await page.mouse.up();
  }
}

// Waits until every card says so.
async function sees(page, label, count) {
  await page.waitForFunction(
    ({ selector, label, count }) => {
      const labels = [...document.querySelectorAll(selector)];
      return labels.length === count && labels.every((one) => one.textContent === label);
    },
    { selector: LABELS, label, count },
  ).catch(async (error) => {
    const found = await page.locator(LABELS).allTextContents();
    throw new Error(`expected ${label} ${count} times, found ${found}; ${await page.locator('#problem').textContent()}; ${error}`);
  });
}

const shares = (page, card) => page.locator('article.card').nth(card).locator('.share').allTextContents();

async function picture(page, file) {
  await page.setInputFiles('#file', `models/samples/${file}`);
}

const scenarios = {
  async drawing() {
    const page = await open(await serve(), { viewport: { width: 1100, height: 720 } });
    await draw(page, THREE);
    await sees(page, '3', 2);
    assert.equal(await page.locator('#seen canvas').getAttribute('width'), '28');
    await page.screenshot({ path: join(figures, 'page.png') });
    await page.click('#theme');
    await page.screenshot({ path: join(figures, 'page-dark.png') });
    await page.click('#clear');
    await sees(page, '', 2);
    await draw(page, SEVEN);
    await sees(page, '7', 2);
    await page.waitForFunction(() => document.querySelector('#spoken').textContent.includes('digits-int8: 7'));
  },

  async keyboard() {
    const page = await open(await serve());
    await page.focus('#pad');
    for (const key of [' ', ...Array(15).fill('ArrowDown'), ' ']) await page.keyboard.press(key);
    await sees(page, '1', 2);
    await page.keyboard.press('Delete');
    await sees(page, '', 2);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'file');
  },

  async pictures() {
    const page = await open(await serve());
    for (const digit of [4, 7]) {
      await picture(page, `${digit}.png`);
      await sees(page, String(digit), 2);
    }
    const data = await page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], '6.png', { type: 'image/png' }));
      return data;
    }, readFileSync('models/samples/6.png').toString('base64'));
    await page.dispatchEvent('#pad', 'drop', { dataTransfer: data });
    await sees(page, '6', 2);
    await page.setInputFiles('#file', 'README.md');
    await page.waitForFunction(() => document.querySelector('#problem').textContent.startsWith('Expected a picture'));
  },

  // The same answers, to the bit of what is shown, from the server, from the page without it, and from a file.
  async away() {
    const address = await serve();
    const document = await (await fetch(address)).text();
    assert.ok(document.length < MOST_BYTES, `${document.length} bytes`);
    const file = join(folder, 'page.html');
    writeFileSync(file, document);
    const page = await open(address);
    const [alone, served] = [await open(pathToFileURL(file).href), []];
    for (const digit of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      await picture(page, `${digit}.png`);
      await sees(page, String(digit), 2);
      served.push(await shares(page, 1));
    }
    await stop();
    for (const [one, isAway] of [[page, true], [alone, false]]) {
      for (const digit of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        await picture(one, `${digit}.png`);
        await one.waitForFunction((digit) => document.querySelectorAll('article.card .verdict strong')[1].textContent === digit, String(digit));
        assert.deepEqual(await shares(one, 1), served[digit - 1]);
      }
      const place = await one.locator('#place').textContent();
      assert.equal(place.startsWith('The server is away'), isAway, place);
    }
    await page.click('#clear');
    await draw(page, SEVEN);
    await page.waitForFunction(() => document.querySelectorAll('article.card .verdict strong')[1].textContent === '7');
    await page.screenshot({ path: join(figures, 'page-away.png') });
  },

  async phone() {
    const phone = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, colorScheme: 'dark' };
    const page = await open(await serve(), phone);
    const pad = await page.locator('#pad').boundingBox();
    const client = await page.context().newCDPSession(page);
    const [first, ...others] = [[0.5, 0.2], [0.5, 0.4], [0.5, 0.6], [0.5, 0.8]];
    const touch = (type, points) => client.send('Input.dispatchTouchEvent', {
      type, touchPoints: points.map(([x, y]) => ({ x: pad.x + x * pad.width, y: pad.y + y * pad.height })),
    });
    await touch('touchStart', [first]);
    for (const point of others) await touch('touchMove', [point]);
    await touch('touchEnd', []);
    await sees(page, '1', 2);
    const [width, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
    assert.equal(wide, width);
    await page.screenshot({ path: join(figures, 'page-phone.png'), fullPage: true });
  },

  async token() {
    const secret = join(folder, 'token');
    writeFileSync(secret, 'correct-horse-battery\n');
    const page = await open(await serve('--token-file', secret));
    assert.ok(await page.locator('main').isHidden());
    await page.fill('#token', 'wrong');
    await page.press('#token', 'Enter');
    await page.waitForFunction(() => document.querySelector('#problem').textContent.startsWith('Expected the token'));
    await page.fill('#token', 'correct-horse-battery');
    await page.press('#token', 'Enter');
    await page.waitForFunction(() => !document.querySelector('main').hidden);
    await draw(page, SEVEN);
    await sees(page, '7', 2);
  },
};

try {
  await scenarios[name]();
  assert.deepEqual(complaints, []);
  console.log('as expected');
} catch (error) {
  throw new Error([error.message, ...complaints].join('; '));
} finally {
  await browser.close();
  await stop().catch(() => {});
  rmSync(folder, { recursive: true });
}
