// The chat page in a real browser: two people on two nodes.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { noBrowser, openBrowser, openPage } from './support/browser.mjs';
import { startCluster, startClusterNode, startNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { before, test } from './support/suite.mjs';

const skip = process.env.CI === 'true' ? false : noBrowser; // there it has to be installed
const options = { skip, timeout: 120_000 };

let browser;
before(async () => {
  if (!skip) browser = await openBrowser();
}, options);

async function enter(page, name, room) {
  await page.getByLabel('Your name').fill(name);
  if (room) await page.getByLabel('Room', { exact: true }).fill(room);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('Connected').waitFor();
}

async function say(page, text) {
  await page.getByRole('textbox', { name: /^Message to/ }).fill(text);
  await page.keyboard.press('Enter');
}

const shownLog = (page) => page.locator('.log:not([hidden])');
const sees = (page, text) => shownLog(page).getByText(text).first().waitFor();
const members = (page) => page.locator('#member-list .label').allTextContents();

async function seesMembers(page, ...names) {
  await until(async () => (await members(page)).sort().join() === names.sort().join(), `the members ${names.join(', ')}`);
}

function fine(...pages) {
  for (const page of pages) assert.deepEqual(page.errors, []);
}

test('two people on two nodes see each other come, talk and go', async () => {
  const redis = await startRedis();
  const [first, second] = await startCluster(redis, 2);
  const ann = await openPage(browser, `${first.url}/#garden`);
  await enter(ann, 'Ann');
  await seesMembers(ann, 'Ann');
  const bob = await openPage(browser, `${second.url}/#garden`);
  await enter(bob, 'Bob');
  await sees(ann, 'Bob joined.');
  await seesMembers(ann, 'Ann', 'Bob');
  await say(ann, 'Good morning! <b>Tea?</b>');
  await sees(bob, 'Good morning! <b>Tea?</b>');
  await say(bob, 'Yes please, https://example.org/tea');
  await sees(ann, 'Yes please');
  assert.equal(await shownLog(ann).getByRole('link').getAttribute('href'), 'https://example.org/tea');
  assert.equal(await shownLog(ann).locator('.pending').count(), 0);
  fine(ann, bob);
  await bob.close();
  await sees(ann, 'Bob lost the connection.');
  await seesMembers(ann, 'Ann');
  await Promise.all([first.stop(), second.stop()]);
}, options);

test('the page comes back by itself after its node restarts, with its rooms', async () => {
  const redis = await startRedis();
  const first = await startClusterNode(redis, 'n1');
  await first.readiness(200);
  const page = await openPage(browser, `${first.url}/`);
  await enter(page, 'Ann', 'kitchen');
  await page.getByLabel('Name of a room to join').fill('hall');
  await page.keyboard.press('Enter');
  await seesMembers(page, 'Ann');
  await first.stop();
  await page.getByText('Reconnecting…').waitFor();
  await page.getByText('The server is restarting.').waitFor();
  const again = await startClusterNode(redis, 'n1', `--server.port=${first.port}`);
  await page.getByText('Connected').waitFor();
  await sees(page, 'Back again.');
  const friend = await again.client();
  for (const room of ['hall', 'kitchen']) {
    await page.getByRole('tab', { name: room }).click();
    await until(async () => (await again.stats('rooms')).rooms.some((each) => each.room === room && each.members === 1), `the page in ${room}`);
    await friend.ok({ type: 'sendMessage', roomId: room, message: `welcome back to ${room}` });
    await sees(page, `welcome back to ${room}`);
  }
  fine(page);
  await page.close();
  await again.stop();
}, options);

test('name and rooms are remembered, a link opens its room, unread messages are counted', async () => {
  const node = await startNode();
  const page = await openPage(browser, `${node.url}/#one`);
  await enter(page, 'Ann');
  await page.goto('about:blank');
  await page.goto(`${node.url}/#two`);
  await page.getByText('Connected').waitFor();
  assert.equal(await page.getByRole('tab').count(), 2);
  assert.equal(await page.getByRole('tab', { selected: true }).getAttribute('title'), 'two');
  const friend = await node.client();
  await until(async () => (await node.stats('rooms')).rooms.some((each) => each.room === 'one' && each.members === 1), 'the page in one');
  await friend.ok({ type: 'sendMessage', roomId: 'one', message: { any: ['json', 1.5] } });
  await page.getByRole('tab', { name: 'one, 1 unread' }).click();
  await sees(page, '{"any":["json",1.5]}');
  await page.getByText('Try it from your terminal').click();
  await page.getByText('{"type":"SUBSCRIBE","room":"one"}').waitFor();
  fine(page);
  await page.close();
  await node.stop();
}, options);

test('a refused message stays, says why and can be sent again', async () => {
  const redis = await startRedis();
  const node = await startClusterNode(redis, 'n1');
  await node.readiness(200);
  const page = await openPage(browser, `${node.url}/#lab`);
  await enter(page, 'Ann');
  await seesMembers(page, 'Ann');
  await redis.kill();
  await node.readiness(503);
  await say(page, 'can you hear me?');
  await sees(page, 'Not sent: the server cannot reach its message bus right now.');
  await redis.start();
  await node.readiness(200);
  await page.getByRole('button', { name: 'Try again' }).click();
  await until(async () => (await shownLog(page).locator('.pending').count()) === 0 && (await shownLog(page).locator('.problem').count()) === 0, 'the message to be sent');
  await sees(page, 'can you hear me?');
  fine(page);
  await page.close();
  await node.stop();
}, options);

test('on a phone nothing is wider than the screen, and the members open and close', async () => {
  const node = await startNode();
  const page = await openPage(browser, `${node.url}/#pocket`, { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true });
  await enter(page, 'Ann');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.getByRole('button', { name: /member/ }).tap();
  await page.locator('#member-list').getByText('Ann').waitFor();
  await page.getByRole('button', { name: 'Close' }).tap();
  await page.locator('#member-list').waitFor({ state: 'hidden' });
  fine(page);
  await page.close();
  await node.stop();
}, options);

test('a screenshot for the README', async () => {
  const [first, second] = await startCluster(await startRedis(), 2);
  const open = async (node, name, ...rooms) => {
    const page = await openPage(browser, `${node.url}/#${rooms[0]}`);
    await enter(page, name);
    for (const room of rooms.slice(1)) {
      await page.getByLabel('Name of a room to join').fill(room);
      await page.keyboard.press('Enter');
    }
    await page.getByRole('tab', { name: rooms[0] }).click();
    return page;
  };
  const ann = await open(first, 'Ann', 'garden', 'kitchen', 'book club');
  const bob = await open(second, 'Bob Marsh', 'garden', 'kitchen');
  const cleo = await open(first, 'Clémence', 'garden');
  const dmitri = await open(second, 'Dmitri', 'garden');
  await seesMembers(ann, 'Ann', 'Bob Marsh', 'Clémence', 'Dmitri');
  const lines = [
    [bob, 'Morning! The tomatoes are ready at last.'],
    [bob, 'Come and take some before the snails do.'],
    [cleo, 'On my way. One basket or two?'],
    [ann, 'Two. And stay for lunch, the long table is in the shade.'],
    [dmitri, 'I bring the bread.'],
    [cleo, 'Then it is settled. See you at noon!'],
  ];
  for (const [page, text] of lines) {
    await say(page, text);
    await sees(ann, text);
  }
  await bob.getByRole('tab', { name: 'kitchen' }).click();
  await say(bob, 'Who has the big pot?');
  await ann.getByRole('tab', { name: 'kitchen, 1 unread' }).waitFor();
  fine(ann, bob, cleo, dmitri);
  await ann.screenshot({ path: fileURLToPath(new URL('../../docs/chat.png', import.meta.url)) });
  await Promise.all([first.stop(), second.stop()]);
}, { ...options, skip: noBrowser || (process.env.ROOMCAST_SCREENSHOT === '1' ? false : 'only with ROOMCAST_SCREENSHOT=1') });
