// A crowd whose connections are cut all the time: every broadcast reaches every client, through recovery. 500 clients; with
// ROOMCAST_LONG=1 10,000, each cut once every 15 s on average. Prints what was delivered and how long replays took; of the
// 10,000 the 99th percentile stays under a second.
import assert from 'node:assert/strict';
import { seed } from './support/chance.mjs';
import { startCluster } from './support/node.mjs';
import { HISTORY, say } from './support/past.mjs';
import { elapse } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { describeTimes, percentile, startSwarm } from './support/swarm.mjs';
import { test } from './support/suite.mjs';

const LONG = process.env.ROOMCAST_LONG === '1';
const CLIENTS = LONG ? 10_000 : 500;
const ROOMS = Array.from({ length: LONG ? 10 : 5 }, (_, i) => `long:${i}`);
const BROADCASTS = 120; // to each room
const EVERY_MS = LONG ? 500 : 50;
const CUT_EVERY_MS = LONG ? 15_000 : 1_500;
const AWAY_MS = LONG ? 2_000 : 300; // at most, at random
const CATCH_UP_MS = 60_000;
const REPLAY_P99_MS = 1_000; // with ROOMCAST_LONG=1

/** All rooms get number n at the same time, EVERY_MS after the last; every publish is acknowledged. */
async function broadcast(publishers) {
  const start = Date.now();
  for (let n = 1; n <= BROADCASTS; ++n) {
    await elapse(start + n * EVERY_MS - Date.now());
    const acks = await Promise.all(ROOMS.map((room, i) => publishers[i % publishers.length].ok({ ...say(room, n), type: 'publish' })));
    for (const { seq } of acks) assert.equal(seq, n);
  }
}

test(`${CLIENTS} clients, each cut once every ${CUT_EVERY_MS / 1000} s on average: ${BROADCASTS} broadcasts reach all of them`, async () => {
  console.log(`ROOMCAST_SEED=${seed}`);
  const nodes = await startCluster(await startRedis(), 2, HISTORY);
  const swarm = await startSwarm({ count: CLIENTS, rooms: ROOMS, ports: nodes.map(({ port }) => port), cutEveryMs: CUT_EVERY_MS, awayMs: AWAY_MS });
  const publishers = await Promise.all(nodes.map((node) => node.client()));
  await swarm.startCutting();
  await broadcast(publishers);
  const result = await swarm.finish(BROADCASTS, CATCH_UP_MS);
  const due = CLIENTS * BROADCASTS;
  console.log(
    `delivered ${((100 * result.delivered) / due).toFixed(4)} % of ${due} over ${result.cuts} cuts; ` +
      `from dialling to caught up: ${describeTimes(result.replays)} with something missed, ${describeTimes(result.idle)} with nothing missed`,
  );
  const { wrong, lost, failed, caughtUp, delivered } = result;
  assert.deepEqual({ wrong, lost, failed, caughtUp, delivered }, { wrong: 0, lost: 0, failed: 0, caughtUp: CLIENTS, delivered: due });
  assert.ok(result.replays.length > 0);
  const p99 = percentile(result.replays, 0.99);
  assert.ok(!LONG || p99 <= REPLAY_P99_MS, `p99 of replays: ${Math.round(p99)} ms`);
  for (const node of nodes) await node.stop();
}, { timeout: LONG ? 400_000 : 120_000 });
