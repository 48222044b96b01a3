// Redis beyond the plain one: by TLS, with users, with replicas and sentinels. All on free ports, all in memory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { startNodeWith } from './node.mjs';
import { atEnd, Child, freePort, until } from './processes.mjs';

const server = process.env.REDIS_SERVER ?? 'redis-server';

/** A directory that goes at the end. */
export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'redis-servers-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A certificate authority of the test's own and a certificate for 127.0.0.1 by it, as files. */
export function makeCertificates() {
  const directory = temporaryDirectory();
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'server.pem', 'server.key'].map((name) => join(directory, name));
  const make = (...args) =>
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', ...args], { stdio: 'pipe' });
  make('-subj', '/CN=authority', '-keyout', caKey, '-out', ca);
  make('-subj', '/CN=server', '-addext', 'subjectAltName=IP:127.0.0.1', '-CA', ca, '-CAkey', caKey, '-keyout', key, '-out', cert);
  return { ca, cert, key };
}

class Server {
  constructor(port, args, { certificates, credentials = '', cwd = '/tmp' }) {
    this.port = port;
    this.certificates = certificates;
    this.address = `127.0.0.1:${port}`;
    this.url = `${certificates ? 'rediss' : 'redis'}://${credentials}${this.address}`;
    this.child = new Child(server, [...args, ...this.listening()].map(String), { cwd });
  }

  listening() {
    if (!this.certificates) return ['--port', this.port];
    const { ca, cert, key } = this.certificates;
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca, '--tls-auth-clients', 'no'];
    return ['--port', 0, '--tls-port', this.port, ...files, '--tls-replication', 'yes'];
  }

  async started(word) {
    await until(() => this.child.stdout.includes(word), `Redis on port ${this.port}; it said ${this.child.stdout}`);
    return this;
  }

  kill() {
    return this.child.kill();
  }

  /** One command on a connection of its own. */
  async command(...words) {
    const tls = this.certificates ? { tls: true, ca: readFileSync(this.certificates.ca) } : {};
    const client = createClient({ url: this.url, RESP: 2, socket: { ...tls, reconnectStrategy: false } });
    client.on('error', () => {}); // whoever waits hears of it
    await client.connect();
    try {
      return await client.sendCommand(words.map(String));
    } finally {
      client.destroy();
    }
  }
}

/** A redis-server; `certificates`: by TLS only; `credentials`, as in its URL; `args` go to it. */
export async function startServer({ args = [], ...how } = {}) {
  const usual = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--rdb-del-sync-files', 'yes', '--repl-diskless-sync-delay', 0];
  return new Server(await freePort(), [...usual, ...args], how).started('Ready to accept connections');
}

export async function startReplica(master, how = {}) {
  const replica = await startServer({ args: ['--replicaof', '127.0.0.1', master.port], ...how });
  await until(async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'), 'the replica to follow');
  return replica;
}

/** A sentinel that decides alone; it knows `replicas` replicas of `master` as soon as this returns. */
export async function startSentinel(master, replicas, how = {}) {
  const file = join(temporaryDirectory(), 'sentinel.conf');
  const rules = ['down-after-milliseconds mymaster 500', 'failover-timeout mymaster 5000'];
  writeFileSync(file, [`bind 127.0.0.1`, `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`, ...rules.map((rule) => `sentinel ${rule}`), ''].join('\n'));
  const sentinel = await new Server(await freePort(), [file, '--sentinel'], how).started('+monitor master mymaster');
  const known = async () => {
    const all = await sentinel.command('SENTINEL', 'REPLICAS', 'mymaster');
    return all.filter((each) => each.join(' ').includes('master-link-status ok')).length;
  };
  await until(async () => (await known()) === replicas, `a sentinel that knows ${replicas} replicas`);
  return sentinel;
}

/** A node that meets others where `url` says; `ca`: the certificates it trusts, as if they were the system's. */
export function startNodeAt(url, id, { ca, flags = [] } = {}) {
  const usual = ['serve', '--server.port=0', '--server.host=127.0.0.1', '--server.bus=redis', `--server.node-id=${id}`];
  return startNodeWith([...usual, `--redis.urls=["${url}"]`, ...flags], { env: ca ? { SSL_CERT_FILE: ca } : {} });
}

/** Two of them, ready. */
export async function startTwoAt(url, options) {
  const nodes = await Promise.all([startNodeAt(url, 'n1', options), startNodeAt(url, 'n2', options)]);
  await Promise.all(nodes.map((node) => node.readiness(200)));
  return nodes;
}
