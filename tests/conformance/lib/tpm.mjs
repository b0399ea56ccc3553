// A TPM of its own for each device: swtpm, behind the wire of Microsoft's TPM simulator, which is what tss.js speaks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import security from 'azure-iot-security-tpm';
import tss from 'tss.js';
import { sleep } from './server.mjs';

const [sendCommand, handShake, sessionEnd, stop] = [8, 15, 20, 21];
const headBytes = 10; // of a TPM's answer: tag, size, code

const words = (...numbers) => { const all = Buffer.alloc(4 * numbers.length); numbers.forEach((number, at) => all.writeUInt32BE(number, 4 * at)); return all; };

/** Bytes of a socket, taken as many at a time as are wanted. */
function reader(socket) {
  let held = Buffer.alloc(0);
  let wake = () => {};
  socket.on('data', part => { held = Buffer.concat([held, part]); wake(); });
  socket.on('close', () => { held = null; wake(); });
  socket.on('error', () => {});
  return async count => {
    while (held !== null && held.length < count) await new Promise(done => { wake = done; });
    if (held === null) throw new Error('closed');
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
}

export class SoftTpm {
  /** Starts one with nothing in it, for the SDK's client. */
  static async start() {
    const tpm = await SoftTpm.startAlone();
    await tpm.connect();
    return tpm;
  }

  /** Starts one that nobody is connected with: whoever comes first speaks to it, at its `address`. */
  static async startAlone() {
    const tpm = new SoftTpm();
    tpm.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-tpm-'));
    await tpm.power();
    return tpm;
  }

  get address() { return `swtpm:path=${path.join(this.folder, 'data')}`; }

  /** Switches it on, again with what it kept; its PCRs begin anew. */
  async power() {
    const [data, control] = ['data', 'control'].map(name => path.join(this.folder, name));
    fs.rmSync(data, { force: true });
    this.child = spawn('swtpm', ['socket', '--tpm2', '--tpmstate', `dir=${this.folder}`, '--server', `type=unixio,path=${data}`, '--ctrl', `type=unixio,path=${control}`,
      '--flags', 'not-need-init,startup-clear'], { stdio: 'ignore' });
    for (let tries = 0; !fs.existsSync(data); tries++) {
      if (tries > 3000 || this.child.exitCode !== null) throw new Error('swtpm did not start');
      await sleep(20);
    }
  }

  /** Extends a register by a digest (TPM2_PCR_Extend), as firmware does that loads something else. Nobody may be connected. */
  async extend(register, digest = Buffer.alloc(32, 1)) {
    const [password, count] = [Buffer.concat([words(0x40000009), Buffer.alloc(5)]), words(1)];
    const rest = Buffer.concat([words(0x182, register, password.length), password, count, Buffer.from([0, 0x0b]), digest]);
    const chip = net.connect(path.join(this.folder, 'data'));
    try {
      await once(chip, 'connect');
      const take = reader(chip);
      chip.write(Buffer.concat([Buffer.from([0x80, 0x02]), words(6 + rest.length), rest]));
      const code = (await take(headBytes)).readUInt32BE(6);
      if (code !== 0) throw new Error(`the register was not extended: 0x${code.toString(16)}`);
    } finally {
      chip.destroy();
    }
  }

  /** Off and on again, as a machine that boots anew. Nobody may be connected. */
  async restart() {
    const gone = once(this.child, 'exit');
    this.child.kill();
    await gone;
    await this.power();
  }

  /** Connects the SDK's client with it; from now on nobody else is served. */
  async connect() {
    this.chip = net.connect(path.join(this.folder, 'data'));
    await once(this.chip, 'connect');
    this.fromChip = reader(this.chip);
    await this.listen();
  }

  /** The unmodified client on this TPM; without a registration id it makes one of the endorsement key. */
  client(registrationId) { return new security.TpmSecurityClient(registrationId, new tss.Tpm(true, '127.0.0.1', this.port)); }

  stop() {
    for (const socket of this.sockets ?? []) socket.destroy();
    for (const server of [this.commands, this.platform]) server?.close();
    this.chip?.destroy();
    this.child.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Its owner clears it (TPM2_Clear by lockout, whose password is empty): another storage root key from now on, and the same endorsement key. */
  async clear() {
    const answer = await this.run(Buffer.from('80020000001b000001264000000a00000009400000090000000000', 'hex'));
    if (answer.readUInt32BE(6) !== 0) throw new Error(`the TPM was not cleared: 0x${answer.readUInt32BE(6).toString(16)}`);
  }

  // The platform's port is the one after that of commands.
  async listen() {
    this.sockets = new Set();
    for (;;) {
      this.commands = net.createServer(socket => this.serve(socket, true));
      this.commands.listen(0, '127.0.0.1');
      await once(this.commands, 'listening');
      this.port = this.commands.address().port;
      this.platform = net.createServer(socket => this.serve(socket, false));
      this.platform.listen(this.port + 1, '127.0.0.1');
      if (await once(this.platform, 'listening').then(() => true, () => false)) return; // once rejects on 'error': another process has that port
      this.commands.close();
    }
  }

  async serve(socket, isCommands) {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    const take = reader(socket);
    try {
      for (;;) {
        const operation = (await take(4)).readUInt32BE();
        if (operation === sessionEnd || operation === stop) return socket.end();
        if (isCommands && operation === handShake) {
          await take(4);
          socket.write(words(1, 9, 0)); // version, has a platform and shows presence, done
        } else if (isCommands && operation === sendCommand) {
          const length = (await take(5)).readUInt32BE(1);
          const answer = await this.run(await take(length));
          socket.write(Buffer.concat([words(answer.length), answer, words(0)]));
        } else socket.write(words(0));
      }
    } catch { socket.destroy(); }
  }

  async run(command) {
    this.chip.write(command);
    const head = await this.fromChip(headBytes);
    return Buffer.concat([head, await this.fromChip(head.readUInt32BE(2) - headBytes)]);
  }
}

/** Base64, as an enrollment has it. */
export const endorsementKey = client => new Promise((done, fail) => { client.getEndorsementKey((error, key) => (error ? fail(error) : done(key.toString('base64')))); });

export const registrationId = client => new Promise((done, fail) => { client.getRegistrationId((error, id) => (error ? fail(error) : done(id))); });
