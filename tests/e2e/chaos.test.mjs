// Chaos: Redis, nodes, links and clients are killed at random while publishers publish with keys. When all has healed,
// every member has heard every acknowledged message once and in the one order, and presence shows who is there.
// About 20 s; 10 minutes with ROOMCAST_LONG=1, or ROOMCAST_CHAOS_SECONDS. ROOMCAST_SEED repeats the choices of a run.
import assert from 'node:assert/strict';
import { Chance, seed } from './support/chance.mjs';
import { assertFlawless, assertOnceInOrder } from './support/checker.mjs';
import { Fleet, nodeFaults, redisFaults } from './support/fleet.mjs';
import { Member } from './support/member.mjs';
import { recoverable } from './support/past.mjs';
import { elapse, until } from './support/processes.mjs';
import { Publisher } from './support/publisher.mjs';
import { test } from './support/suite.mjs';

const NODES = 3;
const MEMBERS = 24;
const KEPT = ['chaos:a', 'chaos:b']; // rooms with history
const PLAIN = 'plain';
const LOBBY = 'lobby';
const PRESENCE_MS = 15_000; // from the end of all faults until presence is right
const SECONDS = Number(process.env.ROOMCAST_CHAOS_SECONDS ?? (process.env.ROOMCAST_LONG === '1' ? 600 : 15));

// A client may be away for as long as all of this lasts.
const FLAGS = ['--rooms.namespaces=[ { prefix = "chaos:", history-size = 100000 } ]'];

/** One random fault after the other until `end`, with pauses of up to `restMs`; what was done is counted by name. */
async function trouble(faults, restMs, fleet, chance, end, done) {
  const names = Object.keys(faults);
  while (Date.now() < end) {
    const name = chance.pick(names);
    done[name] = (done[name] ?? 0) + 1;
    await faults[name](fleet, chance);
    await elapse(chance.below(restMs));
  }
}

/** A third of the members, again and again. */
const clientFaults = (members) => ({
  async 'clients are cut'(_, chance) {
    for (const member of members) if (chance.below(3) === 0) member.cut();
  },
});

async function topOf(node, room) {
  const client = await node.client();
  const { seq } = await client.ok(recoverable(room));
  await client.close();
  return seq;
}

/** All users of the room as `node` sees them, page by page. */
async function usersOf(node) {
  const client = await node.client();
  const ids = [];
  for (let page = { more: true }; page.more;) {
    page = await client.ask({ type: 'presence', room: LOBBY, ...(ids.length && { after: ids.at(-1) }) });
    ids.push(...(page.users ?? []).map(({ id }) => id)); // an error has none
  }
  await client.close();
  return ids.sort().join();
}

/** Every node sees all members, and nobody else, within PRESENCE_MS. */
async function presenceIsRight(fleet, members) {
  const everybody = members.map(({ name }) => name).sort().join();
  const deadline = Date.now() + PRESENCE_MS;
  for (const node of fleet.nodes) {
    let seen;
    await until(async () => (seen = await usersOf(node)) === everybody, () => `presence: ${node.url} sees ${seen}`, Math.max(0, deadline - Date.now()));
  }
}

test(`${SECONDS} s of chaos: nothing acknowledged is lost, nothing comes twice or out of order`, async () => {
  console.log(`ROOMCAST_SEED=${seed}`);
  const fleet = await Fleet.start(NODES, ...FLAGS);
  const ports = () => fleet.ports;
  const members = Array.from({ length: MEMBERS }, (_, i) => new Member({ name: `m${i}`, ports, rooms: [...KEPT, PLAIN], lobby: LOBBY, chance: new Chance(seed + i) }));
  for (const member of members) await member.whenSettled();
  const publishers = Array.from({ length: 6 }, (_, i) => new Publisher({ name: `p${i}`, ports, rooms: KEPT, chance: new Chance(seed - i), everyMs: 50 }));
  const once = new Publisher({ name: 'once', ports, rooms: [PLAIN], chance: new Chance(seed + 99), everyMs: 50, repeat: false });

  const done = {};
  const end = Date.now() + SECONDS * 1000;
  const troubles = [[redisFaults, 1500], [nodeFaults, 4000], [clientFaults(members), 3000]];
  await Promise.all(troubles.map(([faults, restMs], i) => trouble(faults, restMs, fleet, new Chance(seed + 1000 + i), end, done)));
  for (const proxy of fleet.proxies) proxy.heal();
  const present = presenceIsRight(fleet, members);
  present.catch(() => {}); // judged below: what was heard comes first

  await fleet.ready();
  for (const member of members) await member.whenSettled();
  await Promise.all([...publishers, once].map((publisher) => publisher.stop()));
  for (const room of KEPT) {
    const top = await topOf(fleet.nodes[0], room);
    for (const member of members) await member.whenAt(room, top);
  }
  report(done, publishers, members);
  assertFlawless(members, publishers, KEPT);
  assertOnceInOrder(members, once, PLAIN);
  assert.ok(publishers.every(({ acked }) => acked.length > 0));
  await present;
  await fleet.stop();
}, { timeout: (SECONDS + 120) * 1000 });

function report(done, publishers, members) {
  const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);
  console.log(`faults: ${JSON.stringify(done)}`);
  console.log(
    `acknowledged ${sum(publishers, ({ acked }) => acked.length)}, refused or unanswered ${sum(publishers, ({ refused }) => refused)}, repeats ${sum(publishers, ({ repeated }) => repeated)}; ` +
      `dials ${sum(members, ({ dials }) => dials)}, recoveries ${sum(members, ({ recoveries }) => recoveries)}`,
  );
}
