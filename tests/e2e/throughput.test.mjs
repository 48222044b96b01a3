// 2,000 messages a second into rooms of ten on two nodes: nothing lost, nothing twice, one order. 5 s, or 30 s with
// ROOMCAST_LONG=1.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { startCluster } from './support/node.mjs';
import { startRedis } from './support/redis.mjs';
import { test } from './support/suite.mjs';

const ROOMS = 20;
const MEMBERS = 10;
const PER_SECOND = 2000;
const SECONDS = process.env.ROOMCAST_LONG === '1' ? 30 : 5;
const TICK_MS = 10;
const TOTAL = PER_SECOND * SECONDS;
const EACH = TOTAL / ROOMS;

/** Hashes what a member hears instead of keeping it; resolves once `count` messages have come. */
function listen(member, count) {
  const hash = createHash('sha1');
  let heard = 0;
  return new Promise((resolve) => {
    member.socket.removeAllListeners('message');
    member.socket.on('message', (data) => {
      hash.update(data);
      if (++heard === count) resolve(hash.digest('hex'));
    });
    member.heard = () => heard;
  });
}

/** Sends message i to room i % ROOMS, by turns from either node, PER_SECOND of them a second. */
function publish(publishers) {
  let sent = 0;
  const start = Date.now();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(TOTAL, ((Date.now() - start) * PER_SECOND) / 1000);
      for (; sent < due; ++sent)
        publishers[Math.floor(sent / ROOMS) % publishers.length].send(`{"type":"sendMessage","roomId":"t${sent % ROOMS}","message":${sent}}`);
      if (sent < TOTAL) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

test(`${PER_SECOND} messages a second for ${SECONDS} s reach all members once and in one order`, async () => {
  const nodes = await startCluster(await startRedis(), 2);
  const members = await Promise.all(Array.from({ length: ROOMS * MEMBERS }, (_, i) => nodes[Math.floor(i / ROOMS) % 2].client()));
  await Promise.all(members.map((member, i) => member.subscribe(`t${i % ROOMS}`)));
  const publishers = await Promise.all(nodes.map((node) => node.client()));
  const hashes = members.map((member) => listen(member, EACH));
  await publish(publishers);
  const orders = await Promise.all(hashes);
  orders.forEach((order, i) => assert.equal(order, orders[i % ROOMS], `room t${i % ROOMS}`));
  for (const publisher of publishers) await publisher.expectSilence();
  await Promise.all(nodes.map((node) => node.stop()));
  members.forEach((member) => assert.equal(member.heard(), EACH));
  for (const end of await Promise.all(members.map((member) => member.end()))) assert.equal(end.code, 1012);
}, { timeout: 60_000 + SECONDS * 4_000 });
