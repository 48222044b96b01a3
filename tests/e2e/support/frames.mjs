// WebSocket frames of a client as bytes, right or wrong.
import { randomBytes } from 'node:crypto';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** A client frame. `flags`: FIN and the reserved bits (0x80 is FIN). */
export function frame(op, payload = '', { flags = 0x80, masked = true, length = null } = {}) {
  const body = Buffer.from(payload);
  const size = length ?? body.length;
  const head = size < 126 ? Buffer.from([flags | op, size]) : size < 65536 ? Buffer.from([flags | op, 126, size >> 8, size & 255]) : Buffer.alloc(10);
  if (size >= 65536) {
    head.writeUInt8(flags | op, 0);
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  if (!masked) return Buffer.concat([head, body]);
  head[1] |= 0x80;
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, body.map((byte, i) => byte ^ mask[i & 3])]);
}

export const closeFrame = (code, reason = '') => frame(opcode.close, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
