// bun.js PORT [REDIS_PORT]
//
// Bun.serve with its built-in topics (uWebSockets underneath). With REDIS_PORT every message goes through Redis,
// and a room is subscribed there as long as it has members here. Without, messages stay in the process: as fast
// as Bun gets on one node.
const port = Number(process.argv[2]);
const redisPort = process.argv[3];
const members = new Map(); // room -> number of local members (only needed with Redis)

let pub, sub, server;
if (redisPort) {
  const { RedisClient } = await import('bun');
  pub = new RedisClient(`redis://127.0.0.1:${redisPort}`);
  sub = new RedisClient(`redis://127.0.0.1:${redisPort}`);
  await Promise.all([pub.connect(), sub.connect()]);
}
const forward = (text, room) => server.publish(room, text);

function join(ws, room) {
  if (ws.data.has(room)) return;
  ws.data.add(room);
  ws.subscribe(room);
  if (!sub) return;
  const n = members.get(room) ?? 0;
  members.set(room, n + 1);
  if (n === 0) sub.subscribe(room, forward).catch((e) => console.error(e.message));
}
function leave(ws, room) {
  if (!ws.data.delete(room)) return;
  ws.unsubscribe(room);
  left(room);
}
function left(room) {
  if (!sub) return;
  const n = members.get(room) - 1;
  if (n) return void members.set(room, n);
  members.delete(room);
  sub.unsubscribe(room).catch((e) => console.error(e.message));
}

server = Bun.serve({
  hostname: '127.0.0.1',
  port,
  fetch(req, srv) {
    if (srv.upgrade(req, { data: new Set() })) return;
    return new Response('WebSocket only', { status: 426 });
  },
  websocket: {
    message(ws, data) {
      let m;
      try { m = JSON.parse(data); } catch { return; }
      if (m.type === 'sendMessage') {
        const text = JSON.stringify({ type: 'sendMessage', roomId: m.roomId, message: m.message });
        if (pub) pub.publish(m.roomId, text).catch((e) => console.error(e.message));
        else server.publish(m.roomId, text);
      } else if (m.type === 'SUBSCRIBE') join(ws, m.room);
      else if (m.type === 'UNSUBSCRIBE') leave(ws, m.room);
    },
    close(ws) {
      for (const room of ws.data) left(room);
    },
  },
});
