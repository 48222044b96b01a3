// One process of a swarm (swarm.mjs): many thin clients that are cut at random and come back. Ends with its parent.
import { setTimeout as elapse } from 'node:timers/promises';
import { Chance } from './chance.mjs';
import { ThinClient } from './thin_client.mjs';

const DIALS_AT_ONCE = 100; // while the crowd comes in
const TICK_MS = 50;

const tally = { delivered: 0, wrong: 0, lost: 0, failed: 0, cuts: 0, replays: [], idle: [] };
const clients = [];
let plan; // {count, rooms, ports, seed, address, cutEveryMs, awayMs}
let chance;
let isCutting = false;

function dial(client) {
  client.dial(chance.pick(plan.ports), plan.address, () => setTimeout(dial, chance.below(plan.awayMs), client));
}

async function comeIn() {
  for (let i = 0; i < plan.count; ++i) {
    const client = new ThinClient(plan.rooms[i % plan.rooms.length], tally);
    clients.push(client);
    dial(client);
    while (clients.length - clients.filter(({ isIn }) => isIn).length >= DIALS_AT_ONCE) await elapse(TICK_MS);
  }
  while (!clients.every(({ isIn }) => isIn)) await elapse(TICK_MS);
}

/** Each connection is cut once in `cutEveryMs` on average. */
async function keepCutting() {
  isCutting = true;
  let last = performance.now();
  let due = 0;
  while (isCutting) {
    await elapse(TICK_MS);
    const now = performance.now();
    for (due += ((now - last) / plan.cutEveryMs) * clients.length; due >= 1; due -= 1) cutOne();
    last = now;
  }
}

function cutOne() {
  const client = chance.pick(clients);
  if (!client.isIn) return;
  tally.cuts += 1;
  client.cut();
}

/** Waits until all are in and have heard number `seq`, or for `ms`. */
async function catchUp(seq, ms) {
  const end = performance.now() + ms;
  isCutting = false;
  while (performance.now() < end && !clients.every((client) => client.isIn && client.seq >= seq)) await elapse(TICK_MS);
  return clients.filter((client) => client.seq >= seq).length;
}

const orders = {
  async start(given) {
    plan = given;
    chance = new Chance(plan.seed);
    await comeIn();
    return {};
  },
  async cut() {
    keepCutting();
    return {};
  },
  async finish({ seq, ms }) {
    const caughtUp = await catchUp(seq, ms);
    return { ...tally, caughtUp };
  },
};

process.on('message', async ({ order, given }) => process.send({ order, answer: await orders[order](given) }));
process.on('disconnect', () => process.exit(0));
