// Looks at one page in a browser, offline, and prints as JSON what is wrong with it: a list of sentences a kind.
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
// A4 between its margins.
const PAPER = { width: 688, height: 1000 };
const NARROW = { width: 400, height: 800 };
// Screenshots are cut there. Of each list so many cases are judged, all of them opened: the others are made alike, and
// axe-core takes minutes for a page of hundreds.
const TALL = 4000;
const JUDGED = 5;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Those that see another colour scheme: the page is the same otherwise.
const COLOURS = ["color-contrast", "link-in-text-block"];
// And those that see another width.
const WIDTHS = ["color-contrast", "scrollable-region-focusable", "target-size", "label", "empty-table-header"];
const PATIENCE = 60_000;

const seen = { console: [], errors: [], requests: [], dialogs: [], alive: [], violations: [], layout: [], steps: [] };

// Selectors are CSS and mean the first element that fits.
const act = {
  press: (page, [selector, key]) => page.locator(selector).first().press(key),
  fill: (page, [selector, text]) => page.locator(selector).first().fill(text),
  choose: (page, [selector, option]) => page.locator(selector).first().selectOption(option),
  click: (page, [selector]) => page.locator(selector).first().click(),
  // The page anew, at this place of it.
  open: async (page, [hash]) => {
    await page.goto("about:blank");
    await page.goto(url + hash);
  },
  // What an expression is by then; it is waited for, a little.
  is: async (page, [expression, expected]) => {
    const end = Date.now() + 2_000;
    let value;
    do {
      value = await page.evaluate(expression);
      if (JSON.stringify(value) === JSON.stringify(expected)) return;
      await page.waitForTimeout(50);
    } while (Date.now() < end);
    seen.steps.push(`${expression} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`);
  },
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
    if (![url, "about:blank"].includes(request.url().split("#")[0])) seen.requests.push(request.url());
  });
  await page.goto(url);
  return page;
}

async function walk(page, steps) {
  for (const step of steps) {
    const [[verb, operands]] = Object.entries(step);
    await act[verb](page, operands);
  }
  await page.context().close();
}

async function shoot(page, what) {
  // As tall as the page is; screenshots beyond the window are slow on long pages.
  const { width } = page.viewportSize();
  const height = await page.evaluate("document.documentElement.scrollHeight");
  await page.setViewportSize({ width, height: Math.min(height, TALL) });
  await page.screenshot({ path: join(plan.shots, `${plan.name}-${what}.png`) });
}

async function fit(page, where) {
  const aside = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (aside > 0) seen.layout.push(`${where} the page is too wide by ${aside} pixels`);
}

async function judge(page, what, runOnly) {
  const { violations } = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }), runOnly);
  for (const { id, help, nodes } of violations) {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.failureSummary} ${node.html}`);
    seen.violations.push(`${what}: ${id}, ${help}, ${nodes.length} times: ${where.join(" | ")}`);
  }
}

// Elements and attributes that load or run something, other than the page's own one script. A link leads to a place on
// the page, or to the report of a run beside it.
const alive = () => {
  const near = /^(#|\.\.\/runs\/[a-z0-9-]+\/report\.html(#|$))/;
  const loads = "img, picture, audio, video, source, iframe, frame, object, embed, link, base, portal, [src], [srcset], [style]";
  const runs = Array.from(document.querySelectorAll("*")).filter((one) =>
    one.getAttributeNames().some((name) => name.startsWith("on")) ||
    ["href", "xlink:href"].some((name) => one.hasAttribute(name) && !near.test(one.getAttribute(name))));
  const scripts = Array.from(document.scripts).slice(1);
  return [...document.querySelectorAll(loads), ...runs, ...scripts].map((one) => one.outerHTML.slice(0, 200));
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: PATIENCE });
try {
  await walk(await fresh(browser), plan.steps);
  await walk(await fresh(browser, { javaScriptEnabled: false }), plan.scriptless);

  const page = await fresh(browser);
  seen.alive = await page.evaluate(alive);
  await shoot(page, "wide");
  await page.evaluate((most) => {
    for (const kind of ["details.case", "tr.case"]) {
      for (const one of Array.from(document.querySelectorAll(kind)).slice(most)) one.remove();
    }
  }, JUDGED);
  await page.evaluate(axe);
  await page.evaluate(() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
  await judge(page, "opened", RULES);
  await shoot(page, "opened");
  await page.emulateMedia({ colorScheme: "dark" });
  await judge(page, "dark", COLOURS);
  await shoot(page, "dark");
  await page.emulateMedia({ colorScheme: "light", media: "print" });
  await page.setViewportSize(PAPER);
  await fit(page, "on paper");
  await shoot(page, "print");
  await page.emulateMedia({ colorScheme: "light", media: "screen" });
  await page.setViewportSize(NARROW);
  await fit(page, "at 400 pixels");
  await judge(page, "narrow", WIDTHS);
  await shoot(page, "narrow");
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(seen));
