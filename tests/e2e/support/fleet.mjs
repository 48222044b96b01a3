// A cluster that is mistreated: nodes that reach a durable Redis by a proxy each; everything may be killed and comes back.
import { startClusterNode } from './node.mjs';
import { elapse, until } from './processes.mjs';
import { startProxy } from './proxy.mjs';
import { startRedis } from './redis.mjs';

const LONG = process.env.ROOMCAST_LONG === '1';

export class Fleet {
  constructor(redis, proxies, watched, flags) {
    Object.assign(this, { redis, proxies, watched, flags });
    this.nodes = proxies.map(() => null); // null: not running
    this.setbackAt = 0;
  }

  /** `keeps`: what Redis has after a kill -9; `watched`: a room with history into which somebody publishes all the time. */
  static async start(count, { keeps = 'log', watched, flags }) {
    const redis = await startRedis({ keeps, password: 'secret' });
    const proxies = [];
    for (let i = 0; i < count; ++i) proxies.push(await startProxy(redis));
    const fleet = new Fleet(redis, proxies, watched, flags);
    await Promise.all(proxies.map((_, i) => fleet.startNode(i)));
    await fleet.ready();
    return fleet;
  }

  async startNode(i) {
    this.nodes[i] = await startClusterNode(this.proxies[i], `n${i + 1}`, ...this.flags);
  }

  async killNode(i) {
    const node = this.nodes[i];
    this.nodes[i] = null;
    await node.kill();
  }

  /** Where clients may knock now. */
  get ports() {
    return this.nodes.filter(Boolean).map(({ port }) => port);
  }

  // -- Redis, and who takes its place --------------------------------------------------------------------------------------

  /** From now on `redis` is where proxies lead. */
  lead(redis) {
    this.redis = redis;
    for (const proxy of this.proxies) proxy.target = redis;
  }

  /** What Redis had taken before may be lost from now on. */
  setBack() {
    this.setbackAt = Date.now();
  }

  /** The place of the watched room's newest message. */
  async newest(redis = this.redis) {
    return (await redis.command('HMGET', `roomcast:meta:{${this.watched}}`, 'e', 's')).join();
  }

  /** The primary dies at once, and `replica` is the primary. */
  async replaceBy(replica) {
    await this.redis.kill();
    this.setBack();
    await replica.promote();
    const first = await this.newest(replica);
    this.lead(replica);
    for (const proxy of this.proxies) proxy.cut();
    for (const proxy of this.proxies) proxy.resume();
    await until(async () => (await this.newest()) !== first, 'nodes to publish to the new primary');
  }

  async ready() {
    await Promise.all(this.nodes.map((node) => node.readiness(200)));
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** Faults that end by themselves: `await fault(fleet, chance)`. Those of one kind must not overlap. */
export const redisFaults = {
  async 'Redis is killed'(fleet, chance) {
    const { redis } = fleet;
    await redis.kill();
    fleet.setBack();
    await elapse(chance.below(1500));
    await redis.start();
  },
  async 'Redis is restarted'(fleet, chance) {
    const { redis } = fleet;
    await redis.stop();
    fleet.setBack();
    await elapse(chance.below(500));
    await redis.start();
  },
  async 'another password is asked for'({ redis }, chance) {
    await redis.lockOut(chance.below(1500));
  },
  async 'the primary dies and a replica takes over'(fleet) {
    const replica = await fleet.redis.startReplica();
    for (const proxy of fleet.proxies) proxy.pause(); // nobody hears of what the replica has not got
    await fleet.redis.replicate();
    await fleet.replaceBy(replica);
  },
  async 'the primary is demoted'(fleet) {
    const demoted = fleet.redis;
    const replica = await demoted.startReplica();
    await demoted.handOver(replica);
    fleet.lead(replica);
    // A subscriber link may stay: a replica hears everything, too.
    const commandLinks = async () => /name=roomcast/.test(await demoted.command('CLIENT', 'LIST', 'TYPE', 'normal'));
    await until(async () => !(await commandLinks()), 'all nodes to leave the demoted primary');
    await demoted.kill();
  },
  async 'Redis stands still'({ redis }, chance) {
    redis.freeze();
    await elapse(chance.below(LONG ? 12_000 : 3500));
    redis.thaw();
  },
  async 'the memory of Redis is full'({ redis }, chance) {
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'maxmemory', 1);
    await elapse(chance.below(1000));
    await redis.command('CONFIG', 'SET', 'maxmemory', 0);
  },
  async 'subscriber links are killed'({ redis }) {
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  },
  async 'command links are killed'({ redis }) {
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  },
  async 'the links of a node are cut'({ proxies }, chance) {
    chance.pick(proxies).cut();
  },
  async 'a reply is torn'({ proxies }, chance) {
    chance.pick(proxies).tear(1 + chance.below(60));
    await elapse(200);
  },
  async 'the network of a node swallows'({ proxies }, chance) {
    const proxy = chance.pick(proxies);
    proxy.swallow();
    await elapse(chance.below(4000));
    proxy.heal();
  },
  async 'the network of a node is slow'({ proxies }, chance) {
    const proxy = chance.pick(proxies);
    proxy.delay(200);
    await elapse(chance.below(1000));
    proxy.heal();
  },
};

/** Faults after which Redis has forgotten what it had taken. */
export const setbacks = {
  async 'the primary dies and a replica that is behind takes over'(fleet, chance) {
    const primary = fleet.redis;
    const replica = await primary.startReplica();
    await replica.promote(); // it hears no more
    const missed = async () => (await fleet.newest(primary)) !== (await fleet.newest(replica));
    await until(missed, 'a message that the replica does not have');
    await elapse(chance.below(300));
    await fleet.replaceBy(replica);
  },
};

export const nodeFaults = {
  async 'a node is killed'(fleet, chance) {
    const i = chance.below(fleet.nodes.length);
    await fleet.killNode(i);
    await elapse(chance.below(1000));
    await fleet.startNode(i);
  },
};
