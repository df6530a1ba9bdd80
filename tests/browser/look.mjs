// Looks at one page in a browser, offline, and prints as JSON what it saw.
// node look.mjs <folder of node_modules> <path of the browser> < plan.json
//
// A plan: { name, page, shots, steps, scriptless }. `page` is a file; `shots` is the folder of the screenshots; the two
// lists hold steps, each an object with one key (see `act`), taken on a fresh page with and without its script.
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , modules, executablePath] = process.argv;
const load = createRequire(join(modules, "package.json"));
const { chromium } = load("playwright-core");
const axe = load("axe-core").source;

const plan = JSON.parse(readFileSync(0, "utf8"));
const url = pathToFileURL(plan.page).href;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };
// Screenshots are cut there, and so many cases are opened at once: enough to see everything, quick on large pages.
const TALL = 6000;
const OPENED = 12;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PATIENCE = 10_000;

const seen = { console: [], errors: [], requests: [], dialogs: [], violations: [], alive: [], sideways: 0, answers: [], scriptless: [] };

const act = {
  press: (page, [selector, key]) => page.locator(selector).first().press(key),
  fill: (page, [selector, text]) => page.locator(selector).first().fill(text),
  choose: (page, [selector, option]) => page.locator(selector).first().selectOption(option),
  click: (page, selector) => page.locator(selector).first().click(),
  go: (page, hash) => page.goto(url + hash),
  ask: (page, expression) => page.evaluate(expression),
};

async function fresh(browser, options) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "light", offline: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    return dialog.dismiss();
  });
  context.on("page", (other) => seen.requests.push(`a window with ${other.url()}`));
  context.on("request", (request) => {
    if (request.url().split("#")[0] !== url) seen.requests.push(request.url());
  });
  await page.goto(url);
  return page;
}

// What the steps that ask were answered, in their order.
async function walk(page, steps) {
  const answers = [];
  for (const step of steps) {
    const [[verb, operands]] = Object.entries(step);
    const answer = await act[verb](page, operands);
    if (verb === "ask") answers.push(answer ?? null);
  }
  await page.context().close();
  return answers;
}

async function shoot(page, what) {
  const height = await page.evaluate("document.documentElement.scrollHeight");
  const { width } = page.viewportSize();
  const clip = { x: 0, y: 0, width, height: Math.min(height, TALL) };
  await page.screenshot({ path: join(plan.shots, `${plan.name}-${what}.png`), fullPage: true, clip });
}

async function judge(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), RULES);
  for (const { id, help, nodes } of violations) {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.failureSummary} ${node.html}`);
    seen.violations.push(`${what}: ${id}, ${help}, ${nodes.length} times: ${where.join(" | ")}`);
  }
}

// Elements and attributes that load or run something, other than the page's own one script.
const alive = () => {
  const loads = "img, picture, audio, video, source, iframe, frame, object, embed, link, base, portal, [src], [srcset], [style]";
  const runs = Array.from(document.querySelectorAll("*")).filter((one) =>
    one.getAttributeNames().some((name) => name.startsWith("on")) ||
    ["href", "xlink:href"].some((name) => one.hasAttribute(name) && !one.getAttribute(name).startsWith("#")));
  const scripts = Array.from(document.scripts).slice(1);
  return [...document.querySelectorAll(loads), ...runs, ...scripts].map((one) => one.outerHTML.slice(0, 200));
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  seen.answers = await walk(await fresh(browser), plan.steps);
  seen.scriptless = await walk(await fresh(browser, { javaScriptEnabled: false }), plan.scriptless);

  const page = await fresh(browser);
  seen.alive = await page.evaluate(alive);
  await judge(page, "as loaded");
  await shoot(page, "wide");
  await page.evaluate((most) => {
    const closed = Array.from(document.querySelectorAll("details.case")).slice(most);
    for (const one of document.querySelectorAll("details")) one.open = !closed.some((case_) => case_.contains(one));
  }, OPENED);
  await judge(page, "opened");
  await shoot(page, "opened");
  await page.emulateMedia({ colorScheme: "dark" });
  await judge(page, "dark");
  await shoot(page, "dark");
  await page.emulateMedia({ colorScheme: "light", media: "print" });
  await shoot(page, "print");
  await page.emulateMedia({ colorScheme: "light", media: "screen" });
  await page.setViewportSize(NARROW);
  seen.sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  await judge(page, "narrow");
  await shoot(page, "narrow");
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(seen));
