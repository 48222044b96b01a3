// A Redis of the test's own: on a free port, and it can be stopped, frozen, killed and started again. It keeps its data
// over that only if asked to.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { atEnd, Child, elapse, freePort, until } from './processes.mjs';

// How a Redis keeps its data: not at all; every command, before its answer or within a second; as a snapshot, when it
// ends in good order or each second.
const keeping = {
  nothing: ['--save', '', '--appendonly', 'no', '--rdb-del-sync-files', 'yes'], // nor what made it a replica
  log: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  'late log': ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
  snapshot: ['--save', '3600 1', '--appendonly', 'no'],
  snapshots: ['--save', '1 1', '--appendonly', 'no'],
};

class Redis {
  constructor(port, { keeps = 'nothing', password = '' } = {}) {
    this.port = port;
    this.keeps = keeps;
    this.password = password;
    this.url = `redis://${password && `:${password}@`}127.0.0.1:${port}`;
  }

  async directory() {
    if (this.folder) return this.folder;
    this.folder = await mkdtemp(join(tmpdir(), 'e2e-redis-'));
    atEnd(async () => {
      await this.child.kill();
      await rm(this.folder, { recursive: true, force: true });
    });
    return this.folder;
  }

  /** Starts it, also with a password that those who knew the old one do not know. */
  async start({ password = this.password } = {}) {
    const where = await this.directory();
    const usual = ['--bind', '127.0.0.1', '--daemonize', 'no', '--repl-diskless-sync-delay', 0];
    const args = ['--port', this.port, ...usual, '--dir', where, '--requirepass', password, '--masterauth', password, ...keeping[this.keeps]];
    this.child = new Child(process.env.REDIS_SERVER ?? 'redis-server', args.map(String), { cwd: where });
    await until(() => answersPing(this.port), `Redis on port ${this.port}`);
    return this;
  }

  /** kill -9: links break without a word. */
  kill() {
    return this.child.kill();
  }

  /** In good order. */
  async stop() {
    this.child.signal('SIGTERM');
    await this.child.exitCode();
  }

  /** Frozen: links stay open, nobody answers. */
  freeze() {
    this.child.signal('SIGSTOP');
  }

  thaw() {
    this.child.signal('SIGCONT');
  }

  async client() {
    const client = createClient({ url: this.url, RESP: 2 });
    client.on('error', () => {}); // a Redis that is killed on purpose
    await client.connect();
    atEnd(() => client.destroy());
    return client;
  }

  /** One command over a connection of its own; its reply. */
  command(...args) {
    return this.session((send) => send(...args));
  }

  /** `body(send)` with a connection of its own. */
  async session(body) {
    const client = createClient({ url: this.url, RESP: 2 });
    client.on('error', () => {});
    await client.connect();
    try {
      return await body((...args) => client.sendCommand(args.map(String)));
    } finally {
      client.destroy();
    }
  }

  /** All links are broken and another password is asked for, at least until somebody was refused for that. */
  lockOut(ms) {
    return this.session(async (send) => {
      await send('ACL', 'LOG', 'RESET');
      await send('CONFIG', 'SET', 'requirepass', `not ${this.password}`);
      await send('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await elapse(ms);
      await until(async () => (await send('ACL', 'LOG')).length > 0, 'somebody to be refused');
      await send('CONFIG', 'SET', 'requirepass', this.password);
    });
  }

  // -- replicas: of the same kind, and as durable -------------------------------------------------------------------------

  /** A replica that follows, and that has on disk what it was given. */
  async startReplica() {
    const replica = await startRedis(this);
    await replica.command('REPLICAOF', '127.0.0.1', this.port);
    const follows = async () => /master_link_status:up/.test(await replica.command('INFO', 'replication')) && !/aof_rewrite_\w+:1/.test(await replica.command('INFO', 'persistence'));
    await until(follows, 'the replica to follow');
    await until(async () => /state=online/.test(await this.command('INFO', 'replication')), 'the replica to be online');
    return replica;
  }

  /** Everything that was executed until now is with its replica. */
  replicate() {
    return this.session(async (send) => {
      await send('SET', 'mark', Date.now());
      assert.equal(await send('WAIT', 1, 10_000), 1, 'the replica has everything');
    });
  }

  /** It follows nobody any more. */
  promote() {
    return this.command('REPLICAOF', 'NO', 'ONE');
  }

  /** It changes places with its replica, and loses nothing. */
  async handOver(replica) {
    await this.command('FAILOVER', 'TO', '127.0.0.1', replica.port);
    await until(async () => (await replica.command('ROLE'))[0] === 'master', 'the replica to take over');
  }
}

function answersPing(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (answer) => (socket.destroy(), resolve(answer));
    socket.setTimeout(1000, () => done(false));
    socket.on('data', (data) => done(/^(\+PONG|-NOAUTH)/.test(data.toString())));
    socket.on('error', () => done(false));
  });
}

/** `keeps` and `password` as above. */
export async function startRedis(options) {
  return new Redis(await freePort(), options).start();
}

/** A Redis that does not run yet; start() it when its time has come. */
export async function absentRedis() {
  return new Redis(await freePort());
}
