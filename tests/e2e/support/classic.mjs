// A classic Node.js room server, as it is found in many projects: the bare room name is the Redis channel, and what
// comes from it goes to the members as it is.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { atEnd } from './processes.mjs';

export async function startClassicServer(redis) {
  const [publisher, subscriber] = [await redis.client(), await redis.client()];
  const rooms = new Map(); // name -> sockets
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  async function subscribe(socket, room) {
    if (rooms.has(room)) return rooms.get(room).add(socket);
    const members = new Set([socket]);
    rooms.set(room, members);
    await subscriber.subscribe(room, (payload) => {
      for (const member of members) member.send(payload);
    });
  }

  async function unsubscribe(socket, room) {
    const members = rooms.get(room);
    if (!members?.delete(socket) || members.size) return;
    rooms.delete(room);
    await subscriber.unsubscribe(room);
  }

  server.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const { type, room, roomId, message, id } = JSON.parse(data);
      if (type === 'SUBSCRIBE') await subscribe(socket, room);
      else if (type === 'UNSUBSCRIBE') await unsubscribe(socket, room);
      else await publisher.publish(roomId, JSON.stringify({ type, roomId, message }));
      if (id !== undefined) socket.send(JSON.stringify({ type: 'ack', id }));
    });
    socket.on('close', () => [...rooms.keys()].forEach((room) => unsubscribe(socket, room).catch(() => {})));
  });
  await once(server, 'listening');
  atEnd(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: server.address().port };
}
