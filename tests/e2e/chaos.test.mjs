// Chaos: Redis, nodes, links and clients are killed at random while publishers publish with keys. When all has healed,
// every member has heard every acknowledged message once and in the one order, and presence shows who is there. In a
// second run Redis forgets what it had taken: then nothing that was acknowledged since is lost, and members were told of
// every hole. About 25 s; 10 minutes with ROOMCAST_LONG=1, or ROOMCAST_CHAOS_SECONDS. ROOMCAST_SEED repeats the choices.
import assert from 'node:assert/strict';
import { Chance, seed } from './support/chance.mjs';
import { assertFlawless, assertHonest, assertOnceInOrder } from './support/checker.mjs';
import { Fleet, nodeFaults, redisFaults, setbacks } from './support/fleet.mjs';
import { Member } from './support/member.mjs';
import { recoverable, wholeLog } from './support/past.mjs';
import { elapse, until } from './support/processes.mjs';
import { Publisher } from './support/publisher.mjs';
import { test } from './support/suite.mjs';

const NODES = 3;
const MEMBERS = 24;
const KEPT = ['chaos:a', 'chaos:b']; // rooms with history
const PLAIN = 'plain';
const LOBBY = 'lobby';
const PRESENCE_MS = 15_000; // from the end of all faults until presence is right
const AFTERWARDS = 5; // acknowledgements for each publisher when all has healed
const SECONDS = Number(process.env.ROOMCAST_CHAOS_SECONDS ?? (process.env.ROOMCAST_LONG === '1' ? 600 : 15));

// A client may be away for as long as all of this lasts.
const FLAGS = ['--rooms.namespaces=[ { prefix = "chaos:", history-size = 100000 } ]'];

/**
 * One fault after the other until `end`, with pauses of up to `restMs`: those named in `first`, then all at random, none
 * again before the others had their turn. What was done is counted by name.
 */
async function trouble({ faults, first = [], restMs }, fleet, chance, end, done) {
  const names = Object.keys(faults);
  let next = [...first, ...chance.shuffled(names.filter((name) => !first.includes(name)))];
  while (Date.now() < end) {
    if (!next.length) next = chance.shuffled(names);
    const name = next.shift();
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
  const { epoch, seq } = await client.ok(recoverable(room));
  await client.close();
  return { epoch, seq };
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

/** All members are at the room's newest message. */
async function everybodyIsAtTheEnd(fleet, members, room) {
  let top;
  const late = () => members.filter((member) => !member.isAt(room, top));
  const what = () => `all to reach ${JSON.stringify(top)} in ${room}: ${late().map(({ name, records }) => `${name} is at ${JSON.stringify(records.get(room).position)}`)}`;
  await until(async () => ((top = await topOf(fleet.nodes[0], room)), late().length === 0), what);
}

/** A cluster in use, `troubles` for so long, then peace: everybody has everything and is seen. */
async function run(seconds, keeps, redisTrouble) {
  console.log(`ROOMCAST_SEED=${seed}; Redis keeps ${keeps}`);
  const fleet = await Fleet.start(NODES, { keeps, watched: KEPT[0], flags: FLAGS });
  const ports = () => fleet.ports;
  const members = Array.from({ length: MEMBERS }, (_, i) => new Member({ name: `m${i}`, ports, rooms: [...KEPT, PLAIN], lobby: LOBBY, chance: new Chance(seed + i) }));
  for (const member of members) await member.whenSettled();
  const publishers = Array.from({ length: 6 }, (_, i) => new Publisher({ name: `p${i}`, ports, rooms: KEPT, chance: new Chance(seed - i), everyMs: 50 }));
  const once = new Publisher({ name: 'once', ports, rooms: [PLAIN], chance: new Chance(seed + 99), everyMs: 50, repeat: false });

  const done = {};
  const end = Date.now() + seconds * 1000;
  const troubles = [redisTrouble, { faults: nodeFaults, restMs: 4000 }, { faults: clientFaults(members), restMs: 3000 }];
  await Promise.all(troubles.map((each, i) => trouble(each, fleet, new Chance(seed + 1000 + i), end, done)));
  for (const proxy of fleet.proxies) proxy.heal();
  const present = presenceIsRight(fleet, members);
  present.catch(() => {}); // awaited below: what was heard comes first

  await fleet.ready();
  for (const member of members) await member.whenSettled();
  await Promise.all(publishers.map((publisher) => publisher.more(AFTERWARDS)));
  await Promise.all([...publishers, once].map((publisher) => publisher.stop()));
  for (const room of KEPT) await everybodyIsAtTheEnd(fleet, members, room);
  report(done, publishers, members);
  return { fleet, members, publishers, once, present };
}

test('chaos: nothing acknowledged is lost, nothing comes twice or out of order', async () => {
  const first = ['another password is asked for', 'the primary dies and a replica takes over', 'the primary is demoted'];
  const { fleet, members, publishers, once, present } = await run(SECONDS * 2 / 3, 'log', { faults: redisFaults, first, restMs: 1500 });
  assertFlawless(members, publishers, KEPT);
  assertOnceInOrder(members, once, PLAIN);
  await present;
  await fleet.stop();
}, { timeout: (SECONDS + 120) * 1000 });

test('chaos, and Redis forgets: nothing acknowledged since is lost, and every hole is told', async () => {
  const keeps = new Chance(seed).pick(['late log', 'snapshots', 'nothing']);
  const { fleet, members, publishers, once, present } = await run(SECONDS / 3, keeps, { faults: { ...redisFaults, ...setbacks }, first: Object.keys(setbacks), restMs: 1500 });
  const logs = {};
  for (const room of KEPT) logs[room] = await wholeLog(fleet.nodes[0], room);
  assertHonest(members, publishers, logs, fleet.setbackAt);
  assertOnceInOrder(members, once, PLAIN);
  assert.ok(members.some((member) => member.record(fleet.watched).losses.length > 0), 'members have noticed');
  await present;
  await fleet.stop();
}, { timeout: (SECONDS + 120) * 1000 });

function report(done, publishers, members) {
  const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);
  const ofRooms = (of) => sum(members, (member) => sum(KEPT, (room) => of(member.record(room)).length));
  console.log(`faults: ${JSON.stringify(done)}`);
  console.log(
    `acknowledged ${sum(publishers, ({ acked }) => acked.length)}, refused or unanswered ${sum(publishers, ({ refused }) => refused)}, repeats ${sum(publishers, ({ repeated }) => repeated)}; ` +
      `deliveries ${ofRooms(({ heard }) => heard)}, losses told ${ofRooms(({ losses }) => losses)}, dials ${sum(members, ({ dials }) => dials)}, recoveries ${sum(members, ({ recoveries }) => recoveries)}`,
  );
}
