// A cluster that is mistreated: nodes that reach a durable Redis by a proxy each; everything may be killed and comes back.
import { startClusterNode } from './node.mjs';
import { elapse } from './processes.mjs';
import { startProxy } from './proxy.mjs';
import { startRedis } from './redis.mjs';

export class Fleet {
  constructor(redis, proxies, flags) {
    Object.assign(this, { redis, proxies, flags });
    this.nodes = proxies.map(() => null); // null: not running
  }

  static async start(count, ...flags) {
    const redis = await startRedis({ keeps: 'log' });
    const proxies = [];
    for (let i = 0; i < count; ++i) proxies.push(await startProxy(redis));
    const fleet = new Fleet(redis, proxies, flags);
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

  async ready() {
    await Promise.all(this.nodes.map((node) => node.readiness(200)));
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** Faults that end by themselves: `await fault(fleet, chance)`. Those of one kind must not overlap. */
export const redisFaults = {
  async 'Redis is killed'({ redis }, chance) {
    await redis.kill();
    await elapse(chance.below(1500));
    await redis.start();
  },
  async 'Redis is restarted'({ redis }, chance) {
    await redis.stop();
    await elapse(chance.below(500));
    await redis.start();
  },
  async 'Redis stands still'({ redis }, chance) {
    redis.freeze();
    await elapse(chance.below(3500));
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

export const nodeFaults = {
  async 'a node is killed'(fleet, chance) {
    const i = chance.below(fleet.nodes.length);
    await fleet.killNode(i);
    await elapse(chance.below(1000));
    await fleet.startNode(i);
  },
};
