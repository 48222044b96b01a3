// Children of the tests: started here, waited for with a deadline, and none outlives its test file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after } from 'node:test';

const DEADLINE_MS = 30_000; // for anything a test waits for: generous, since the machine may be busy

const closers = new Set();

/** Calls `close` after the file's last test, whatever has happened. */
export function atEnd(close) {
  closers.add(close);
}

after(async () => {
  await Promise.allSettled([...closers].reverse().map((close) => close()));
});

/** `promise`, or an error that names what was waited for. */
export function within(promise, what, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${typeof what === 'function' ? what() : what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks `probe` again and again until it answers something true: for state that nobody announces. */
export async function until(probe, what, ms = DEADLINE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Lets time pass: how long a fault lasts, or the pace of a load. Never a wait for something to happen. */
export function elapse(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A child process with its standard error by lines. */
export class Child {
  constructor(command, args, options = {}) {
    this.name = `${command.split('/').at(-1)} ${args.join(' ')}`;
    this.lines = [];
    this.waiters = new Set();
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.stdout = '';
    this.process.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.readLines(this.process.stderr.setEncoding('utf8'));
    this.exited = once(this.process, 'close').then(([code, signal]) => {
      this.exit = { code, signal };
      for (const check of this.waiters) check();
      return this.exit;
    });
    this.exited.catch(() => {}); // a command that does not exist: whoever waits hears of it
    atEnd(() => this.kill());
  }

  readLines(stream) {
    let rest = '';
    stream.on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      this.lines.push(...parts);
      for (const check of this.waiters) check();
    });
  }

  get stderr() {
    return this.lines.join('\n');
  }

  signal(name) {
    if (!this.exit) this.process.kill(name);
  }

  async kill() {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** The first line of standard error, from line `from` on, that matches. */
  line(pattern, from = 0) {
    const found = new Promise((resolve, reject) => {
      const check = () => {
        const line = this.lines.slice(from).find((each) => pattern.test(each));
        if (line === undefined && !this.exit) return;
        this.waiters.delete(check);
        if (line === undefined) reject(new Error(`${this.name} ended (${this.exit.code ?? this.exit.signal}) before it said ${pattern}:\n${this.stderr}`));
        else resolve(line);
      };
      this.waiters.add(check);
      check();
    });
    return within(found, () => `${pattern} from ${this.name}; it said:\n${this.lines.slice(-30).join('\n')}`);
  }

  /** The exit code; a death by signal is an error. */
  async exitCode() {
    const { code, signal } = await within(this.exited, `the end of ${this.name}`);
    if (signal) throw new Error(`${this.name} died of ${signal}:\n${this.lines.slice(-30).join('\n')}`);
    return code;
  }
}

/**
 * A port that nobody listens on, below those that the kernel gives to outgoing connections: whoever dials a free port
 * among these over and over may one day be connected to itself, and has then taken the port.
 */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening'); // throws what 'error' brings
    } catch {
      continue; // taken
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
