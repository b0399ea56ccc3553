// A server whose keys stay in an HSM: a scan of its memory and disk after 1,000 logins, and the token pulled out and put back while devices are connected.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { commandLine } from '../lib/cli.mjs';
import { Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer } from '../lib/server.mjs';

const library = '/usr/lib/softhsm/libsofthsm2.so';
const logins = 1_000;
const hsm = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-conformance-hsm-'));
const tokens = path.join(hsm, 'tokens');
fs.mkdirSync(tokens);
process.env.SOFTHSM2_CONF = path.join(hsm, 'softhsm2.conf');
fs.writeFileSync(process.env.SOFTHSM2_CONF, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'plant', '--so-pin', '87654321', '--pin', '1234']);
const pin = path.join(hsm, 'pin');
fs.writeFileSync(pin, '1234\n', { mode: 0o600 });
const args = ['--hsm-only', '--key-store', `pkcs11:token=plant?module-path=${library}&pin-source=${pin}`, '--https-port', '0', '--mqtt-port', '0', '--amqp-port', '0'];

let server = await startServer(args);
after(async () => {
  await server.stop();
  fs.rmSync(hsm, { recursive: true, force: true });
});

const devices = [];

test('an operator makes devices by a token of the owner, which no file holds the key of', async () => {
  assert.match(server.connection.hub.connectionString, /;SharedAccessSignature=SharedAccessSignature sr=/);
  assert.doesNotMatch(fs.readFileSync(path.join(server.data, 'connection.json'), 'utf8'), /SharedAccessKey=/);
  const cli = commandLine(server.data);
  for (const id of ['d1', 'd2', 'd3', 'd4']) {
    // The last two have keys that are derived: by a key that the HSM keeps.
    if (id === 'd3') await cli('strict', 'set', '--device-keys', 'derived');
    await cli('device', 'create', id);
    const { primaryKey, secondaryKey } = await cli('device', 'keys', id);
    devices.push({ id, keys: [primaryKey, secondaryKey] });
  }
  const owner = await cli('policy', 'show', 'iothubowner');
  devices.push({ id: null, keys: [owner.primaryKey, owner.secondaryKey] });
  for (const { keys } of devices) for (const key of keys) assert.equal(Buffer.from(key, 'base64').length, 32);
  assert.ok((await cli('key', 'list')).stores[0].keys.some(key => key.use === 'secrets'));
});

test(`neither memory nor disk hold a key in clear after ${logins} logins`, { timeout: 300_000 }, async () => {
  // A new process: what the answers above showed was in the memory of the last one.
  await stopKeepingData();
  const before = scan();
  assert.deepEqual(before.found, []);
  assert.ok(before.bytes > 16 << 20, `${before.bytes} bytes of memory were read`);
  for (let i = 0; i < logins; i += 4) await Promise.all(devices.slice(0, 4).map((who, n) => login(who, (i / 4 + n) % 2)));

  const now = scan();
  assert.deepEqual(now.found, []);
  assert.deepEqual(scanDisk(), []);

  // The scan itself finds what is there: a device's id is no secret.
  assert.ok(readMemory().some(part => part.includes('gatehouse-conformance')));
});

test('sessions go on while the token is away, new ones are told to come again, and nothing is restarted', { timeout: 300_000 }, async () => {
  const held = await connect(devices[0], 0);
  const nobody = { id: 'nobody', keys: devices[1].keys };
  const folder = path.join(tokens, fs.readdirSync(tokens)[0]);
  fs.renameSync(folder, `${hsm}/away`);
  try {
    held.publish('devices/d1/messages/events/', 'still here');
    await held.next('puback');
    assert.equal((await connect(devices[1], 0)).connack.returnCode, 3);
    assert.equal((await connect(devices[3], 0)).connack.returnCode, 3);
    assert.equal((await connect(nobody, 0)).connack.returnCode, 3, 'who does not exist is told the same');
  } finally {
    fs.renameSync(`${hsm}/away`, folder);
  }
  await login(devices[1], 0);
  await login(devices[3], 0);
  assert.equal((await connect(nobody, 0)).connack.returnCode, 5);
  held.publish('devices/d1/messages/events/', 'all the time', 2);
  await held.next('puback');
  held.end();
  assert.match(JSON.stringify(await commandLine(server.data)('why', 'd2')), /HSM/);
});

test('a CA that signs for devices has its key in the HSM, or there is none', async () => {
  const cli = commandLine(server.data);
  await assert.rejects(cli('enrollment', 'policy', 'create', 'fleet'), error => /stay in an HSM/.test(error.stderr));
  const key = 'pkcs11:token=plant;object=ca';
  await cli('key', 'create', key, '--use', 'signing', '--type', 'ec-p256');
  await cli('enrollment', 'policy', 'create', 'fleet', '--signing-key', key);
  await assert.rejects(cli('key', 'move', 'file:rescue'), error => /none of this server's key stores/.test(error.stderr));
});

async function stopKeepingData() {
  const { data } = server;
  server.child.kill('SIGTERM');
  await new Promise(done => server.child.once('exit', done));
  server = await startServer(args, undefined, data);
}

const connect = ({ id, keys }, which) => RawDevice.connect(new Hub(server.connection), { deviceId: id, authentication: { symmetricKey: { primaryKey: keys[which] } } });

async function login(who, which) {
  const session = await connect(who, which);
  assert.equal(session.connack.returnCode, 0);
  session.end();
}

/** Each key as bytes and as the text that connection strings have. */
const secrets = () => devices.flatMap(({ id, keys }) => keys.flatMap((key, i) => [[`${id ?? 'policy'} ${i} bytes`, Buffer.from(key, 'base64')], [`${id ?? 'policy'} ${i} text`, Buffer.from(key)], [`${id ?? 'policy'} ${i} UTF-16`, Buffer.from(key, 'utf16le')]]));

/** The writable memory of the server, mapping by mapping. */
function readMemory() {
  const parts = [];
  const memory = fs.openSync(`/proc/${server.child.pid}/mem`, 'r');
  try {
    for (const line of fs.readFileSync(`/proc/${server.child.pid}/maps`, 'utf8').split('\n')) {
      const [, from, to, access] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!access?.startsWith('rw')) continue;
      const [start, size] = [BigInt(`0x${from}`), Number(BigInt(`0x${to}`) - BigInt(`0x${from}`))];
      for (let at = 0; at < size; at += 16 << 20) {
        const part = Buffer.alloc(Math.min(size - at, (16 << 20) + 256));
        try { parts.push(part.subarray(0, fs.readSync(memory, part, 0, part.length, start + BigInt(at)))); } catch (error) { if (error.code !== 'EIO' && error.code !== 'EFAULT') throw error; }
      }
    }
  } finally {
    fs.closeSync(memory);
  }
  return parts;
}

function scan() {
  const parts = readMemory();
  return { bytes: parts.reduce((sum, part) => sum + part.length, 0), found: secrets().filter(([, bytes]) => parts.some(part => part.includes(bytes))).map(([name]) => name) };
}

function scanDisk() {
  const files = fs.readdirSync(server.data, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath ?? entry.path, entry.name));
  const contents = files.map(file => fs.readFileSync(file));
  return secrets().filter(([, bytes]) => contents.some(content => content.includes(bytes))).map(([name]) => name);
}
