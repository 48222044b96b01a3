// Redis by TLS, with users and passwords, and behind Sentinel: nodes meet there, say what is wrong, and heal.
import assert from 'node:assert/strict';
import { expectNumbers, fill, HISTORY, recover, recoverable } from './support/past.mjs';
import { until } from './support/processes.mjs';
import { makeCertificates, startNodeAt, startReplica, startSentinel, startServer, startTwoAt } from './support/redis-servers.mjs';
import { freshRoom, test } from './support/suite.mjs';

const say = (room, message) => ({ type: 'sendMessage', roomId: room, message });
const certificates = makeCertificates();
const { ca } = certificates;

/** A sender on the first node and a member on the second. */
async function pair([first, second], room) {
  const [sender, member] = [await first.client(), await second.client()];
  await member.subscribe(room);
  const flows = async (message) => {
    await sender.ok(say(room, message));
    await member.expect(say(room, message));
  };
  await flows('hello');
  return { sender, member, flows };
}

async function stop(...nodes) {
  for (const node of nodes) await node.stop();
}

test('two nodes talk over TLS', async () => {
  const redis = await startServer({ certificates });
  const nodes = await startTwoAt(redis.url, { ca });
  const { flows } = await pair(nodes, freshRoom());
  await flows('x'.repeat(60_000)); // more than one record of TLS
  await stop(...nodes);
});

test('a certificate by a stranger: not ready, and the log says why', async () => {
  const redis = await startServer({ certificates });
  const node = await startNodeAt(redis.url, 'n1', { ca: makeCertificates().ca });
  await node.child.line(/warning redis_down .*certificate verify failed/);
  assert.equal((await node.get('/readyz')).status, 503);
  assert.equal((await node.get('/healthz')).status, 200);
  await node.stop();
});

test('user and password over TLS; a wrong one is told, and heals when the ACL is mended', async () => {
  const redis = await startServer({ certificates, credentials: ':admin@', args: ['--requirepass', 'admin'] });
  const rights = ['on', '~roomcast:*', '&roomcast:*', '+@all'];
  await redis.command('ACL', 'SETUSER', 'roomcast', ...rights, '>se@cret');
  const right = await startNodeAt(`rediss://roomcast:se%40cret@${redis.address}`, 'n1', { ca });
  await right.readiness(200);

  const wrong = await startNodeAt(`rediss://roomcast:hunter2@${redis.address}`, 'n2', { ca });
  await wrong.child.line(/warning redis_down .*WRONGPASS/);
  assert.equal((await wrong.get('/readyz')).status, 503);
  await redis.command('ACL', 'SETUSER', 'roomcast', '>hunter2');
  await wrong.readiness(200);
  await pair([right, wrong], freshRoom());
  for (const node of [right, wrong]) assert.doesNotMatch(node.child.stderr, /hunter2|se(@|%40)cret/);
  await stop(right, wrong);
});

test('a room that the ACL forbids keeps no other away, and is there when the ACL is mended', async () => {
  const redis = await startServer({ credentials: ':admin@', args: ['--requirepass', 'admin'] });
  const allow = (...channels) => redis.command('ACL', 'SETUSER', 'roomcast', 'on', '>secret', '~roomcast:*', '+@all', 'resetchannels', ...channels.map((each) => `&roomcast:${each}`));
  await allow('*');
  const node = await startNodeAt(`redis://roomcast:secret@${redis.address}`, 'n1');
  await node.readiness(200);
  const [sender, member] = await node.clients(2);
  const allowed = Array.from({ length: 20 }, () => freshRoom('allowed'));
  const forbidden = freshRoom('forbidden');
  for (const room of [...allowed, forbidden]) await member.subscribe(room);
  const flow = async (rooms) => {
    await until(async () => (await node.stats()).bus.subscriptions_confirmed === rooms.length, `${rooms.length} rooms to be subscribed`);
    for (const room of rooms) {
      await sender.ok(say(room, 'hello'));
      await member.expect(say(room, 'hello'));
    }
  };

  await allow('probe:*', 'ch:{allowed*'); // Redis ends the link that listens to more
  await node.child.line(/warning redis_\w+ .*subscribing refused: NOPERM/);
  await node.readiness(200);
  await flow(allowed);
  assert.equal((await node.stats()).bus.subscriptions_wanted, 21);
  await allow('*');
  await flow([...allowed, forbidden]);
  await stop(node);
});

test('the master is killed: Sentinel promotes the replica, and the nodes follow', async () => {
  const master = await startServer();
  const replica = await startReplica(master);
  const sentinel = await startSentinel(master, 1);
  const nodes = await startTwoAt(`redis+sentinel://${sentinel.address}/mymaster`);
  const { sender, member, flows } = await pair(nodes, freshRoom());

  await master.kill();
  for (const node of nodes) await node.readiness(503);
  for (const node of nodes) await node.readiness(200);
  await flows('after the failover');
  assert.equal((await replica.command('ROLE'))[0], 'master');
  assert.ok(sender.isOpen && member.isOpen);
  await stop(...nodes);
});

test('the master is killed: what it had replicated is recovered, numbers go on, and users are there', async () => {
  const master = await startServer();
  const replica = await startReplica(master);
  const sentinel = await startSentinel(master, 1);
  const nodes = await startTwoAt(`redis+sentinel://${sentinel.address}/mymaster`, { flags: [HISTORY] });
  const room = freshRoom('h:failover');
  const [publisher, user, member] = [await nodes[0].client(), await nodes[1].client(), await nodes[1].client()];
  const present = async (node) => (await (await node.client()).ask({ type: 'presence', room })).count;
  await user.ask({ type: 'join', roomId: room, user: { id: 'u1' } });
  await member.ok(recoverable(room));
  const { epoch } = await fill(publisher, room, 5);
  await expectNumbers(member, room, 1, 5);
  const offset = async (server) => /master_repl_offset:(\d+)/.exec(await server.command('INFO', 'replication'))[1];
  await until(async () => (await offset(master)) === (await offset(replica)), 'the replica to have everything');

  await master.kill();
  for (const node of nodes) await node.readiness(503);
  for (const node of nodes) await node.readiness(200);
  const late = await nodes[0].client();
  assert.equal((await recover(late, room, { epoch, seq: 2 })).recovered, true);
  await expectNumbers(late, room, 3, 5);
  await until(async () => (await publisher.ask({ ...say(room, 6), key: 'six' })).seq === 6, 'the next number');
  for (const each of [late, member]) await expectNumbers(each, room, 6, 6);
  for (const node of nodes) await until(async () => (await present(node)) === 1, 'the user to be there');
  await stop(...nodes);
});

test('the master is demoted while it lives: the nodes follow', async () => {
  const master = await startServer();
  const replica = await startReplica(master);
  const sentinel = await startSentinel(master, 1);
  // One sentinel that nobody is at: it is passed over.
  const nodes = await startTwoAt(`redis+sentinel://127.0.0.1:1,${sentinel.address}/mymaster`);
  const { flows } = await pair(nodes, freshRoom());

  await sentinel.command('SENTINEL', 'FAILOVER', 'mymaster');
  for (const node of nodes) await node.child.line(/warning redis_down /);
  for (const node of nodes) await node.readiness(200);
  await flows('after the failover');
  assert.equal((await replica.command('ROLE'))[0], 'master');
  await stop(...nodes);
});

test('a sentinel that does not know the master: not ready, and the log says so', async () => {
  const sentinel = await startSentinel(await startServer(), 0);
  const node = await startNodeAt(`redis+sentinel://:hunter2@${sentinel.address}/another`, 'n1');
  await node.child.line(/warning redis_down .*no sentinel tells where another is: .*does not know this master/);
  assert.equal((await node.get('/readyz')).status, 503);
  assert.doesNotMatch(node.child.stderr, /hunter2/);
  await node.stop();
});

test('Sentinel and Redis both over TLS', async () => {
  const master = await startServer({ certificates });
  const sentinel = await startSentinel(master, 0, { certificates });
  const nodes = await startTwoAt(`rediss+sentinel://${sentinel.address}/mymaster`, { ca });
  await pair(nodes, freshRoom());
  await stop(...nodes);
});
