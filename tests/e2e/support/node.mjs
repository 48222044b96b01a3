// Whole roomcast nodes, and the roomcast command.
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { Child, until } from './processes.mjs';
import { Client } from './client.mjs';

export const binary = process.env.ROOMCAST_BIN ?? fileURLToPath(new URL('../../../build/release/roomcast', import.meta.url));

// Nothing of the caller's own settings gets through.
const cleanEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^(ROOMCAST_|PORT$|REDIS_URL$)/.test(key)),
);

/** `roomcast ARGS...`, running. `env` is added to the cleaned environment. */
export function launch(args, { env = {}, cwd = '/tmp' } = {}) {
  return new Child(binary, args, { env: { ...cleanEnvironment, ...env }, cwd });
}

/** `roomcast ARGS...` to its end. */
export async function run(args, options) {
  const child = launch(args, options);
  const code = await child.exitCode();
  return { code, stdout: child.stdout, stderr: child.stderr };
}

class Node {
  constructor(child) {
    this.child = child;
  }

  async ready() {
    const line = await this.child.line(/ serving .*\bport=\d+/);
    this.port = Number(/\bport=(\d+)/.exec(line)[1]);
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  client(options) {
    return Client.connect(this.port, options);
  }

  clients(count, options) {
    return Promise.all(Array.from({ length: count }, () => this.client(options)));
  }

  /** One HTTP request: {status, headers, body}. */
  get(path, headers = {}) {
    return get(this.port, path, headers);
  }

  async stats(view = '') {
    const answer = await this.get(`/api/v1/stats${view && `/${view}`}`);
    assert.equal(answer.status, 200, answer.body);
    return JSON.parse(answer.body);
  }

  /** Waits until /readyz answers `status`. */
  readiness(status, ms) {
    return until(async () => (await this.get('/readyz')).status === status, `/readyz ${status} of ${this.url}`, ms);
  }

  /** kill -9. */
  kill() {
    return this.child.kill();
  }

  /** SIGTERM, and the node must end with exit code 0. */
  async stop() {
    this.child.signal('SIGTERM');
    assert.equal(await this.child.exitCode(), 0, this.child.stderr);
  }
}

export function get(port, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false, timeout: 20_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer to GET ${path}`)));
    request.on('error', reject);
  });
}

/** A node on a free port; `flags` come behind the usual ones. */
export async function startNode(...flags) {
  const usual = ['serve', '--server.port=0', '--server.host=127.0.0.1'];
  return new Node(launch([...usual, ...flags])).ready();
}

/** A node that meets others in `redis`. */
export function startClusterNode(redis, id, ...flags) {
  return startNode('--server.bus=redis', `--redis.urls=["${redis.url}"]`, `--server.node-id=${id}`, ...flags);
}

/** The same with other ways to start: environment, working directory. */
export async function startNodeWith(args, options) {
  return new Node(launch(args, options)).ready();
}

/** `count` nodes n1, n2, ... on one Redis, all ready. */
export async function startCluster(redis, count, ...flags) {
  const ids = Array.from({ length: count }, (_, i) => `n${i + 1}`);
  const nodes = await Promise.all(ids.map((id) => startClusterNode(redis, id, ...flags)));
  await Promise.all(nodes.map((node) => node.readiness(200)));
  return nodes;
}
