// Who is in a room, over several nodes: one list, every notice once, whatever happens to nodes and Redis.
import assert from 'node:assert/strict';
import { noBrowser, openBrowser, openPage } from './support/browser.mjs';
import { startCluster, startClusterNode } from './support/node.mjs';
import { until } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, before, bob, cleo, freshRoom, test } from './support/suite.mjs';

let redis;
let nodes;
before(async () => {
  redis = await startRedis();
  nodes = await startCluster(redis, 2);
});

const join = (client, room, user) => client.ask({ type: 'join', roomId: room, user });
const notice = (type, room, user, reason) => ({ type, roomId: room, user, ...(reason && { reason }) });

/** The ids of a room's users, page by page, as one node knows them. */
async function usersOf(client, room) {
  const ids = [];
  for (let after; ; after = ids.at(-1)) {
    const page = await client.ask({ type: 'presence', room, after });
    assert.equal(page.type, 'presence', JSON.stringify(page));
    ids.push(...page.users.map((user) => user.id));
    if (!page.more) return { count: page.count, ids };
  }
}

const shows = (client, room, ...users) =>
  until(async () => {
    const { ids } = await usersOf(client, room);
    return ids.sort().join() === users.map((user) => user.id).sort().join();
  }, `${room} to hold ${users.length} users`);

/** Takes all that comes until nothing has come for a while: for the absence of notices nobody announces. */
async function quiet(client, ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await client.expectSilence();
}

test('presence covers all nodes', async () => {
  const room = freshRoom();
  const [first, second] = [await nodes[0].client(), await nodes[1].client()];
  await join(first, room, ann);
  const joined = await join(second, room, bob);
  assert.deepEqual([joined.count, joined.users], [2, [ann, bob]]);
  for (const node of nodes) {
    const answer = await (await node.client()).ask({ type: 'presence', room });
    assert.deepEqual([answer.count, answer.users], [2, [ann, bob]]);
  }
  await first.expect(notice('join', room, bob));
  await first.ok({ type: 'exit', roomId: room, user: ann });
  await second.expect(notice('exit', room, ann));
  assert.deepEqual((await second.ask({ type: 'presence', room })).users, [bob]);
});

test('a room that is empty here shows who is elsewhere', async () => {
  const room = freshRoom();
  await join(await nodes[0].client(), room, ann);
  assert.deepEqual((await (await nodes[1].client()).ask({ type: 'presence', room })).users, [ann]);
  assert.deepEqual((await (await nodes[1].client()).ask({ type: 'presence', room: freshRoom() })).users, []);
});

test('a user on several connections and nodes comes once and goes once', async () => {
  const room = freshRoom();
  const watcher = await (await nodes[1].client()).subscribe(room);
  const connections = [await nodes[0].client(), await nodes[0].client(), await nodes[1].client()];
  for (const client of connections) await join(client, room, ann);
  await watcher.expect(notice('join', room, ann));
  const { count, ids } = await usersOf(watcher, room);
  assert.deepEqual([count, ids], [3, [ann.id]]);
  connections[0].drop();
  await connections[1].ok({ type: 'exit', roomId: room, user: ann });
  await until(async () => (await usersOf(watcher, room)).count === 1, 'two of three to be gone');
  await watcher.expectSilence();
  connections[2].drop();
  await watcher.expect(notice('exit', room, ann, 'disconnect'));
  await watcher.expectSilence();
});

test('joining again changes the text, joining as somebody else leaves first', async () => {
  const room = freshRoom();
  const watcher = await (await nodes[1].client()).subscribe(room);
  const client = await nodes[0].client();
  await join(client, room, ann);
  await watcher.expect(notice('join', room, ann));
  const renamed = { ...ann, name: 'Anna' };
  assert.deepEqual((await join(client, room, renamed)).users, [renamed]);
  await watcher.expectSilence();
  assert.deepEqual((await join(client, room, bob)).users, [bob]);
  await watcher.expect(notice('exit', room, renamed), notice('join', room, bob));
});

test('a stopped node announces the exits of its members', async () => {
  const room = freshRoom();
  const leaving = await startClusterNode(redis, 'leaving');
  await leaving.readiness(200);
  const watcher = await nodes[0].client();
  await join(watcher, room, ann);
  await join(await leaving.client(), room, bob);
  await watcher.expect(notice('join', room, bob));
  await leaving.stop();
  await watcher.expect(notice('exit', room, bob, 'disconnect'));
  await shows(watcher, room, ann);
});

test('pages follow one another over nodes', async () => {
  const room = freshRoom();
  const USERS = 250;
  const clients = [...(await nodes[0].clients(USERS / 2)), ...(await nodes[1].clients(USERS / 2))];
  const joined = await Promise.all(clients.map((client, i) => join(client, room, { id: i })));
  assert.ok(joined.every((answer) => answer.users.length <= 100));
  const { count, ids } = await usersOf(await nodes[0].client(), room);
  assert.equal(count, USERS);
  assert.deepEqual(ids.sort((a, b) => a - b), Array.from({ length: USERS }, (_, i) => i));
});

test('a storm of joins: every list and the notices behind it add up to all', async () => {
  const room = freshRoom();
  const USERS = 120;
  const clients = [...(await nodes[0].clients(USERS / 2)), ...(await nodes[1].clients(USERS / 2))];
  const lists = await Promise.all(clients.map(async (client, i) => {
    const answer = await join(client, room, { id: i });
    return { client, known: new Set(answer.users.map((user) => user.id)), whole: !answer.more };
  }));
  for (const { client, known, whole } of lists.filter((list) => list.whole)) {
    while (known.size < USERS) {
      const { type, user } = await client.nextJson();
      assert.equal(type, 'join');
      known.add(user.id);
    }
  }
});

test('kill -9 of one of three nodes: each exit once, within ten seconds, and the list is right', async () => {
  const room = freshRoom();
  const MEMBERS = 1000;
  const doomed = await startClusterNode(redis, 'doomed');
  await doomed.readiness(200);
  const watchers = [await nodes[0].client(), await nodes[1].client()];
  await join(watchers[0], room, ann);
  await join(watchers[1], room, bob);
  await watchers[0].expect(notice('join', room, bob));
  const clients = await doomed.clients(MEMBERS);
  await Promise.all(clients.map((client, i) => join(client, room, { id: i })));
  await until(async () => (await usersOf(watchers[0], room)).count === MEMBERS + 2, 'all to be in');
  for (const watcher of watchers) for (let i = 0; i < MEMBERS; ++i) assert.equal((await watcher.nextJson()).type, 'join');
  await new Promise((resolve) => setTimeout(resolve, 7000)); // the others have been on time for a full lease
  const killed = Date.now();
  await doomed.child.kill();
  for (const watcher of watchers) {
    const gone = new Set();
    for (let i = 0; i < MEMBERS; ++i) {
      const { type, user, reason } = await watcher.nextJson();
      assert.deepEqual([type, reason], ['exit', 'disconnect']);
      gone.add(user.id);
    }
    assert.equal(gone.size, MEMBERS);
  }
  const elapsed = Date.now() - killed;
  assert.ok(elapsed < 10_000, `the last exit came after ${elapsed} ms`);
  for (const watcher of watchers) {
    await quiet(watcher, 1500);
    assert.deepEqual(await usersOf(watcher, room), { count: 2, ids: [ann.id, bob.id] });
  }
  const admin = await redis.client();
  await until(async () => (await admin.zRange('roomcast:nodes', 0, -1)).every((id) => !id.startsWith('doomed.')), 'its entry to be gone');
  assert.deepEqual(await admin.keys('roomcast:node:doomed*'), []);
}, { timeout: 120_000 });

test('a node that slept over its lease enters its members again', async () => {
  const room = freshRoom();
  const sleeper = await startClusterNode(redis, 'sleeper');
  await sleeper.readiness(200);
  const watcher = await nodes[0].client();
  await join(watcher, room, ann);
  const client = await sleeper.client();
  await join(client, room, bob);
  await watcher.expect(notice('join', room, bob));
  await new Promise((resolve) => setTimeout(resolve, 7000));
  sleeper.child.signal('SIGSTOP');
  await watcher.expect(notice('exit', room, bob, 'disconnect'));
  sleeper.child.signal('SIGCONT');
  await watcher.expect(notice('join', room, bob));
  await shows(watcher, room, ann, bob);
  await quiet(watcher, 1500);
}, { timeout: 120_000 });

test('Redis stands still for 8 s: nobody is reaped and nobody announced', async () => {
  const own = await startRedis();
  const pair = await startCluster(own, 2);
  const room = freshRoom();
  const clients = [await pair[0].client(), await pair[1].client()];
  await join(clients[0], room, ann);
  await join(clients[1], room, bob);
  await clients[0].expect(notice('join', room, bob));
  await new Promise((resolve) => setTimeout(resolve, 7000));
  own.freeze();
  await Promise.all(pair.map((node) => node.readiness(503)));
  await new Promise((resolve) => setTimeout(resolve, 6000)); // 8 s with the 2 s until they noticed
  own.thaw();
  await Promise.all(pair.map((node) => node.readiness(200)));
  await quiet(clients[0], 9000);
  await clients[1].expectSilence();
  assert.deepEqual(await usersOf(clients[0], room), { count: 2, ids: [ann.id, bob.id] });
}, { timeout: 120_000 });

test('Redis comes back empty: the list is whole again, without those who went meanwhile', async () => {
  const own = await startRedis();
  const pair = await startCluster(own, 2);
  const room = freshRoom();
  const [first, second, third] = [await pair[0].client(), await pair[1].client(), await pair[1].client()];
  for (const [client, user] of [[first, ann], [second, bob], [third, cleo]]) await join(client, room, user);
  await own.kill();
  await Promise.all(pair.map((node) => node.readiness(503)));
  assert.equal((await first.ask({ type: 'presence', room })).code, 'bus_unavailable');
  assert.equal((await join(await pair[0].client(), freshRoom(), ann)).code, 'bus_unavailable');
  third.drop();
  await own.start();
  await Promise.all(pair.map((node) => node.readiness(200)));
  for (const node of pair) await shows(await node.client(), room, ann, bob);
}, { timeout: 120_000 });

test('an outage without loss: the exits that were missed are sent, each once', async () => {
  const own = await startRedis();
  const pair = await startCluster(own, 2);
  const room = freshRoom();
  const [first, second] = [await pair[0].client(), await pair[1].client()];
  await join(first, room, ann);
  await join(second, room, bob);
  await first.expect(notice('join', room, bob));
  own.freeze();
  await Promise.all(pair.map((node) => node.readiness(503)));
  second.drop();
  own.thaw();
  await Promise.all(pair.map((node) => node.readiness(200)));
  await first.expect(notice('exit', room, bob, 'disconnect'));
  await shows(first, room, ann);
  await first.expectSilence();
}, { timeout: 120_000 });

test('with a grace a return is silent, on another node too, and staying away is not', async () => {
  const graceful = await startCluster(redis, 2, '--rooms.presence-grace=3s');
  const room = freshRoom();
  const watcher = await graceful[1].client();
  await join(watcher, room, ann);
  let client = await graceful[0].client();
  await join(client, room, bob);
  await watcher.expect(notice('join', room, bob));
  for (const node of [graceful[0], graceful[1]]) {
    client.drop();
    client = await node.client();
    await join(client, room, bob);
    await quiet(watcher, 4000);
    assert.deepEqual(await usersOf(watcher, room), { count: 2, ids: [ann.id, bob.id] });
  }
  client.drop();
  await watcher.expect(notice('exit', room, bob, 'disconnect'));
  await watcher.expectSilence();
}, { timeout: 120_000 });

test('the chat page shows late comers who is there already, on whichever node', async () => {
  const browser = await openBrowser();
  const enter = async (node, name) => {
    const page = await openPage(browser, `${node.url}/#hall`);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Enter' }).click();
    return page;
  };
  const members = async (page) => (await page.locator('#member-list .label').allTextContents()).sort().join();
  const first = await enter(nodes[0], 'Ann');
  await until(async () => (await members(first)) === 'Ann', 'Ann alone');
  const second = await enter(nodes[1], 'Bob');
  await until(async () => (await members(second)) === 'Ann,Bob', 'Ann and Bob');
}, { skip: noBrowser, timeout: 120_000 });
