// Messages and users are passed on byte for byte as their sender wrote them.
import { startNode } from './support/node.mjs';
import { before, freshRoom, test } from './support/suite.mjs';

let node;
before(async () => {
  node = await startNode();
});

const messages = [
  ['spacing', '{ "a" : [ 1 ,2,  3 ] ,\t"b":{ } }'],
  ['number forms', '[1.0e5,1E+2,-0,0.10,123456789012345678901234567890,1e-7]'],
  ['escapes', String.raw`"\u00e9 \/ \" \\ \ud83d\ude00 \n"`],
  ['unicode', '"žluťoučký 🐎 مرحبا 你好 \u2028 \u007f"'],
  ['duplicate keys', '{"a":1,"a":2}'],
  ['null', 'null'],
  ['false', 'false'],
  ['an empty string', '""'],
  ['an empty object', '{}'],
  ['a closing brace in text', '"}],\\"type\\":\\"x"'],
  ['a line break between values', '[1,\n2]'],
];

for (const [what, message] of messages)
  test(`a message keeps ${what}`, async () => {
    const [sender, member] = await node.clients(2);
    const room = freshRoom();
    await member.subscribe(room);
    sender.send(` {"message" :  ${message} ,"roomId":"${room}", "type":"sendMessage" } `);
    await member.expect(`{"type":"sendMessage","roomId":"${room}","message":${message}}`);
  });

test('a user keeps spacing, number forms and order of keys', async () => {
  const [sender, member] = await node.clients(2);
  const room = freshRoom();
  const user = '{ "name":"Zoë", "id" : 1.0e2 ,"tags":[ ]}';
  await member.ask({ type: 'join', roomId: room, user: { id: 'm' } });
  sender.send(`{"type":"join","roomId":"${room}","user":${user}}`);
  sender.send(`{"type":"chat","roomId":"${room}","user":${user},"message":1.0}`);
  sender.send(`{"type":"exit","roomId":"${room}","user":${user}}`);
  await member.expect(
    `{"type":"join","roomId":"${room}","user":${user}}`,
    `{"type":"chat","roomId":"${room}","user":${user},"message":1.0}`,
    `{"type":"exit","roomId":"${room}","user":${user}}`,
  );
});

for (const room of ['naïve ☕ room', 'quote " and \\ backslash', "'; DROP TABLE rooms; --", '{room}', '%s%n', 'a'.repeat(255), '../../etc'])
  test(`a room may be called ${room.slice(0, 30)}`, async () => {
    const client = await node.client();
    await client.subscribe(room);
    client.send({ type: 'sendMessage', roomId: room, message: 1 });
    await client.expect({ type: 'sendMessage', roomId: room, message: 1 });
  });

test('an escaped room name is the same room as a plain one', async () => {
  const client = await node.client();
  await client.subscribe('é/x');
  client.send(String.raw`{"type":"sendMessage","roomId":"\u00e9\/x","message":1}`);
  await client.expect({ type: 'sendMessage', roomId: 'é/x', message: 1 });
});

test('messages up to the limit of 64 KiB arrive whole', async () => {
  const client = await node.client();
  const room = freshRoom();
  await client.subscribe(room);
  const rest = `{"type":"sendMessage","roomId":"${room}","message":""}`.length;
  for (const bytes of [125, 126, 127, 4_095, 65_535, 65_536]) {
    const text = `{"type":"sendMessage","roomId":"${room}","message":"${'x'.repeat(bytes - rest)}"}`;
    client.send(text);
    await client.expect(text);
  }
});
