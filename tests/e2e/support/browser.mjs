// Headless Chromium with fresh profiles.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { atEnd } from './processes.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why the browser tests cannot run here; false where they can. */
export const noBrowser = existsSync(executablePath) ? false : `no browser at ${executablePath}`;

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

export async function openBrowser() {
  const browser = await chromium.launch({ executablePath, headless: true, args, timeout: 60_000 });
  atEnd(() => browser.close());
  return browser;
}

/** A chat page of its own (own storage, hence own user); errors of its scripts are collected in `page.errors`. */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(error.message));
  await page.goto(url);
  return page;
}
