// The roomcast command: configuration from flags, environment and file, and the stats subcommand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, startNode, startNodeWith } from './support/node.mjs';
import { atEnd, freePort } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { ann, before, test } from './support/suite.mjs';

const folder = mkdtempSync(join(tmpdir(), 'roomcast-e2e-'));
atEnd(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text) {
  const path = join(folder, `${++files}.conf`);
  writeFileSync(path, text);
  return path;
}

const ALONE = ['--server.port=0', '--server.host=127.0.0.1'];

/** The command refuses to start: exit code 2, one line that matches, nothing else. */
async function refuses(args, pattern, options) {
  const { code, stdout, stderr } = await run(args, options);
  assert.equal(code, 2, stderr);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.match(stderr, pattern);
  assert.equal(stdout, '');
}

let node;
before(async () => {
  node = await startNode('--server.node-id=n1', '--server.admin-token=secret');
});

test('version prints the version', async () => {
  const { code, stdout } = await run(['version']);
  assert.equal(code, 0);
  assert.match(stdout, /\b\d+\.\d+\.\d+\b/);
});

test('help is no error', async () => {
  for (const args of [['--help'], ['serve', '--help'], ['stats', '--help']]) {
    const { code, stdout } = await run(args);
    assert.equal(code, 0, args.join(' '));
    assert.ok(stdout.length > 100);
  }
});

for (const [what, args, pattern] of [
  ['a port that is no number', ['serve', '--server.port=abc'], /server\.port/],
  ['a port out of range', ['serve', '--server.port=70000'], /server\.port/],
  ['an unknown flag', ['serve', '--server.prot=1'], /server\.prot/],
  ['an unknown bus', ['serve', '--server.bus=kafka'], /server\.bus/],
  ['a flag without its value', ['serve', '--server.port'], /server\.port/],
  ['a stray word', ['serve', ...ALONE, 'please'], /./],
  ['an unknown command', ['dance'], /dance/],
  ['a bad Redis URL', ['serve', '--server.bus=redis', '--redis.urls=["http://x"]'], /redis\.urls/],
  ['a channel without its %', ['serve', '--redis.channel=room'], /redis\.channel/],
  ['a Redis server twice', ['serve', '--redis.urls=redis://a,redis://a:6379/0'], /redis\.urls.*a:6379\/0 is there twice/],
  ['a history without positions', ['serve', '--server.bus=redis', '--redis.channel=%', '--rooms.history-size=5'], /redis\.channel.*history-size/],
  ['a file that is not there', ['serve', '--config-file=/nonexistent/x.conf'], /nonexistent/],
])
  test(`${what} is one line and exit code 2`, () => refuses(args, pattern));

for (const [what, text, pattern] of [
  ['an unknown key', 'server { colour = "green" }', /colour/],
  ['an unknown group', 'sever { port = 1 }', /sever/],
  ['a wrong type', 'server { port = "nine" }', /port/],
  ['a missing brace', 'server { port = 8080', /./],
])
  test(`a file with ${what} is one line and exit code 2, for serve and check-config`, async () => {
    const path = file(text);
    await refuses(['serve', `--config-file=${path}`], pattern);
    await refuses(['check-config', path], pattern);
  });

test('a wrong environment variable is one line and exit code 2', async () => {
  await refuses(['serve'], /ROOMCAST_SERVER_PORT/, { env: { ROOMCAST_SERVER_PORT: 'abc' } });
  await refuses(['serve'], /\bPORT\b/, { env: { PORT: 'abc' } });
});

test('check-config of a good file is exit code 0', async () => {
  const { code } = await run(['check-config', file('server { port = 9001 }\nrooms { linger = 2s }\n')]);
  assert.equal(code, 0);
});

for (const bus of [[], ['--server.bus=redis', '--redis.urls=redis://127.0.0.1:1']])
  test(`a port in use is exit code 2, names the port and starts nothing ${bus.join(' ')}`, async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address();
    const args = ['serve', `--server.port=${port}`, '--server.host=127.0.0.1', ...bus];
    for (let i = 0; i < 10; ++i) await refuses(args, new RegExp(`\\b${port}\\b`)); // it was a matter of chance
    holder.close();
  });

test('flag beats environment beats file', async () => {
  const path = file('server { node-id = "from-file" }\nlimits { max-rooms-per-connection = 1 }\nrooms { linger = 0s }\n');
  const env = { ROOMCAST_SERVER_NODE_ID: 'from-env', ROOMCAST_LIMITS_MAX_ROOMS_PER_CONNECTION: '2' };
  const started = await startNodeWith(['serve', `--config-file=${path}`, ...ALONE, '--server.node-id', 'from-flag'], { env });
  assert.equal((await started.stats()).node.id, 'from-flag');
  const client = await started.client();
  await client.subscribe('a', 'b');
  assert.equal((await client.ask({ type: 'SUBSCRIBE', room: 'c' })).code, 'too_many_rooms');
  await started.stop();
});

test('a caf-application.conf in the working directory is read, and serve is the default command', async () => {
  writeFileSync(join(folder, 'caf-application.conf'), 'server { host = "127.0.0.1"\n port = 0\n node-id = "here" }\n');
  const started = await startNodeWith([], { cwd: folder });
  assert.equal((await started.stats()).node.id, 'here');
  await started.stop();
});

test('PORT and REDIS_URL are enough for a platform', async () => {
  const redis = await startRedis();
  const env = { PORT: String(await freePort()), REDIS_URL: redis.url };
  const started = await startNodeWith(['serve'], { env });
  assert.equal(String(started.port), env.PORT);
  await started.readiness(200);
  assert.equal((await started.stats()).bus.kind, 'redis');
  await started.stop();
});

test('a ROOMCAST_ variable that names no key is one warning', async () => {
  const started = await startNodeWith(['serve', ...ALONE], { env: { ROOMCAST_PORT: 'tcp://10.0.0.1:8080' } });
  assert.equal(started.child.lines.filter((line) => line.includes('ROOMCAST_PORT')).length, 1);
  await started.stop();
});

test('with the memory bus the start says that the node stands alone', () => {
  assert.match(node.child.stderr, /REDIS_URL/);
});

for (const view of ['', 'rooms', 'connections', 'actors', 'cluster'])
  test(`stats ${view} shows the node, for people and as JSON`, async () => {
    const client = await node.client();
    await client.ask({ type: 'join', roomId: 'stats-room', user: ann });
    const args = ['stats', ...(view ? [view] : []), '--node', node.url];
    const people = await run(args);
    assert.equal(people.code, 0, people.stderr);
    assert.match(people.stdout, view === 'rooms' ? /stats-room/ : view === 'connections' ? /127\.0\.0\.1/ : /n1|bridge/);
    const programs = await run([...args, '--json']);
    assert.equal(programs.code, 0, programs.stderr);
    const document = JSON.parse(programs.stdout);
    assert.equal(document.missing, 0);
    assert.ok({ '': document.node, cluster: document.nodes }[view] ?? document[view]);
    await client.close();
  });

test('stats sorts and cuts', async () => {
  const client = await node.client();
  await client.subscribe('r1', 'r2', 'r3');
  const { code, stdout } = await run(['stats', 'rooms', '--node', node.url, '--top', '1', '--sort', 'members']);
  assert.equal(code, 0);
  assert.equal(['r1', 'r2', 'r3', 'stats-room'].filter((room) => stdout.includes(room)).length, 1, stdout);
  await client.close();
});

test('stats of a node that is not there is exit code 1, wrong usage is 2', async () => {
  const absent = await run(['stats', '--node', `http://127.0.0.1:${await freePort()}`]);
  assert.equal(absent.code, 1);
  assert.equal(absent.stderr.trim().split('\n').length, 1, absent.stderr);
  for (const args of [['stats', 'weather'], ['stats', '--node', 'nonsense:://'], ['stats', '--nope']])
    assert.equal((await run(args)).code, 2, args.join(' '));
});
