// A crowd of recoverable members in child processes; see swarm_worker.mjs for what each process does.
import { fileURLToPath } from 'node:url';
import { seed } from './chance.mjs';
import { Child, within } from './processes.mjs';

const worker = fileURLToPath(new URL('swarm_worker.mjs', import.meta.url));
const IN_ONE_PROCESS = 2_500;

class Worker {
  constructor() {
    this.child = new Child(process.execPath, [worker], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  }

  /** Sends an order; its answer. */
  ask(order, given, ms) {
    const answer = new Promise((resolve, reject) => {
      const heard = (message) => {
        if (message.order !== order) return;
        this.child.process.off('message', heard);
        resolve(message.answer);
      };
      this.child.process.on('message', heard);
      this.child.exited.then(() => reject(new Error(`a process of the swarm ended:\n${this.child.stderr}`)));
      this.child.process.send({ order, given });
    });
    return within(answer, `the swarm to ${order}`, ms);
  }
}

export const percentile = (sorted, part) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : NaN);

/** `count` clients spread over `rooms` and over the nodes at `ports`; resolves when all are in. */
export async function startSwarm({ count, rooms, ports, cutEveryMs, awayMs }) {
  const size = Math.ceil(count / Math.ceil(count / IN_ONE_PROCESS));
  const workers = [];
  for (let from = 0; from < count; from += size) workers.push(new Worker());
  const plan = (i) => ({ count: Math.min(size, count - i * size), rooms, ports, seed: seed + i, address: `127.0.1.${i + 1}`, cutEveryMs, awayMs });
  await Promise.all(workers.map((each, i) => each.ask('start', plan(i), 120_000)));
  return new Swarm(workers);
}

class Swarm {
  constructor(workers) {
    this.workers = workers;
  }

  /** From now on connections are cut. */
  startCutting() {
    return Promise.all(this.workers.map((worker) => worker.ask('cut')));
  }

  /** No more cuts; waits until all have heard number `seq`, at most `ms`. What all processes counted, in sums. */
  async finish(seq, ms) {
    const tallies = await Promise.all(this.workers.map((worker) => worker.ask('finish', { seq, ms }, ms + 30_000)));
    const sum = (name) => tallies.reduce((total, tally) => total + tally[name], 0);
    const times = (name) => Float64Array.from(tallies.flatMap((tally) => tally[name])).sort();
    const counts = Object.fromEntries(['delivered', 'wrong', 'lost', 'failed', 'cuts', 'caughtUp'].map((name) => [name, sum(name)]));
    return { ...counts, replays: times('replays'), idle: times('idle') };
  }
}

/** `p50 12 ms, p99 40 ms of 700` */
export const describeTimes = (sorted) => `p50 ${Math.round(percentile(sorted, 0.5))} ms, p99 ${Math.round(percentile(sorted, 0.99))} ms of ${sorted.length}`;
