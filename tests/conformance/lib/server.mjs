// A built server as a child process in a data directory of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const sleep = ms => new Promise(done => setTimeout(done, ms));

/** Waits until the condition returns something, and returns it. How long is for machines that are slow and busy: what is fast is measured elsewhere (bench/). */
export async function until(what, condition, seconds = 90) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const value = await condition();
    if (value) return value;
    await sleep(25);
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

/** What the file holds; null while there is none. A server that was killed leaves its own, which the next one removes at any moment. */
function read(file) {
  try { return JSON.parse(fs.readFileSync(file, 'utf8')); } catch { return null; }
}

/** Starts `gatehouse up` and waits until it is ready. `data`: an existing directory to start on again. */
export async function startServer(args, onFailure, data = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-conformance-'))) {
  const child = spawn(path.join(root, 'artifacts/server/gatehouse-server'), ['--data', data, '--metrics-port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => { log = (log + text).slice(-65536); });
  const file = path.join(data, 'connection.json');
  const exited = new Promise(done => child.once('exit', done));
  for (let tries = 0; ; tries++) {
    const connection = read(file);
    if (connection?.pid === child.pid) return { data, connection, child, log: () => log, kill, stop };
    if (child.exitCode !== null || tries > 4500) {
      child.kill('SIGKILL');
      const problem = log.trim().split('\n').slice(-5).join('\n');
      if (onFailure) onFailure(problem);
      throw new Error(`the server did not start: ${problem}`);
    }
    await sleep(20);
  }

  /** kill -9; the data stay. */
  async function kill() { child.kill('SIGKILL'); await exited; }

  async function stop() { child.kill('SIGTERM'); await exited; fs.rmSync(data, { recursive: true, force: true }); }
}
