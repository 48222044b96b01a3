// Rooms with history: how nodes are started for them, and the requests and deliveries that are about positions.
import assert from 'node:assert/strict';
import { startCluster, startNode } from './node.mjs';
import { startRedis } from './redis.mjs';
import { test } from './suite.mjs';

/** A flag: rooms whose name begins with `h:` keep 100 messages, those with `long:` 10,000, others none. */
export const HISTORY = '--rooms.namespaces=[ { prefix = "h:", history-size = 100 }, { prefix = "long:", history-size = 10000 } ]';

const buses = new Map();

/** The nodes of this file on one bus, started when the first test asks: two on Redis, one on the memory bus. */
function nodesOn(bus) {
  if (!buses.has(bus)) buses.set(bus, bus === 'memory' ? startNode(HISTORY).then((node) => [node]) : startRedis().then((redis) => startCluster(redis, 2, HISTORY)));
  return buses.get(bus);
}

/** The test once for each bus: `body(near, far)`, two nodes where there are two. */
export function testOnEachBus(name, body) {
  for (const bus of ['memory', 'redis'])
    test(`${name} (${bus})`, async () => {
      const nodes = await nodesOn(bus);
      await body(nodes[0], nodes.at(-1));
    });
}

export const say = (room, message, extra = {}) => ({ type: 'sendMessage', roomId: room, message, ...extra });

/** What members of the room get for it, byte for byte: classic, or with a number. */
export const delivered = (room, message, seq) => `{"type":"sendMessage","roomId":${JSON.stringify(room)},"message":${JSON.stringify(message)}${seq === undefined ? '' : `,"seq":${seq}`}}`;

/** Publishes 1, 2, ..., count; they must get just these numbers behind `first - 1`. Returns the last position. */
export async function fill(client, room, count, first = 1) {
  for (let n = first; n < first + count - 1; ++n) client.send(say(room, n));
  const { epoch, seq } = await client.ok(say(room, first + count - 1));
  assert.equal(seq, first + count - 1);
  return { epoch, seq };
}

export const recoverable = (room, extra = {}) => ({ type: 'SUBSCRIBE', room, recoverable: true, ...extra });

/** Subscribes with recovery from `position`; the ack. */
export function recover(client, room, { epoch, seq }) {
  return client.ok(recoverable(room, { recover: { epoch, seq } }));
}

/** The next messages are numbers first..last of the room, each with its seq. */
export async function expectNumbers(client, room, first, last) {
  for (let n = first; n <= last; ++n) await client.expect(delivered(room, n, n));
}

/** All that the room keeps: {epoch, messages: [{seq, message}]}, oldest first. */
export async function wholeLog(node, room) {
  const client = await node.client();
  const log = { messages: [] };
  for (let more = true; more;) {
    const page = await client.ask({ type: 'history', room, limit: 1000, ...(log.messages.length && { before: log.messages[0].seq }) });
    assert.equal(page.type, 'history', JSON.stringify(page));
    log.epoch = page.epoch;
    log.messages.unshift(...page.messages);
    more = page.more;
  }
  await client.close();
  return log;
}

/** `INFO commandstats`: how often Redis has executed each command, also within scripts. */
export async function commandCalls(redis) {
  const info = await redis.command('INFO', 'commandstats');
  return Object.fromEntries([...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]));
}

/** Publishes 1, 2, ... into the room until `stop()`, which returns the last number. The room must be a fresh one. */
export function publishNumbers(client, room) {
  let running = true;
  const work = (async () => {
    let n = 0;
    while (running) assert.equal((await client.ok(say(room, ++n))).seq, n);
    return n;
  })();
  work.catch(() => {}); // stop() hears of it
  return {
    stop: () => {
      running = false;
      return work;
    },
  };
}
