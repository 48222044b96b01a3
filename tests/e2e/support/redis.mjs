// A Redis of the test's own: on a free port, and it can be stopped, frozen, killed and started again. It keeps its data
// over that only if asked to.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { atEnd, Child, freePort, until } from './processes.mjs';

// How a Redis keeps its data: not at all, every command before its answer, or as a snapshot when it ends in good order.
const keeping = {
  nothing: ['--save', '', '--appendonly', 'no'],
  log: ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  snapshot: ['--save', '3600 1', '--appendonly', 'no'],
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
    const where = this.keeps === 'nothing' ? '/tmp' : await this.directory();
    const args = ['--port', this.port, '--bind', '127.0.0.1', '--daemonize', 'no', '--dir', where, '--requirepass', password, ...keeping[this.keeps]];
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
  async command(...args) {
    const client = createClient({ url: this.url, RESP: 2 });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(args.map(String));
    } finally {
      client.destroy();
    }
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
