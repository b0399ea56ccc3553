// Starts the servers under test, each in a folder of its own, and stops them. Used by compare.mjs and cold-start.mjs.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const bench = path.dirname(fileURLToPath(import.meta.url));
export const root = path.dirname(bench);
export const sleep = ms => new Promise(done => setTimeout(done, ms));

export function temporary(name) {
  return fs.mkdtempSync(path.join(os.tmpdir(), `gatehouse-bench-${name}-`));
}

export async function freePort() {
  return await new Promise((done, fail) => {
    const probe = net.createServer().once('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Compiles a load generator of bench/load when its source is newer than the binary. */
export function buildLoadGenerator(name = 'mqload') {
  const source = path.join(bench, 'load', `${name}.c`);
  const binary = path.join(root, 'artifacts', 'bench', name);
  if (!fs.existsSync(binary) || fs.statSync(binary).mtimeMs < fs.statSync(source).mtimeMs) {
    fs.mkdirSync(path.dirname(binary), { recursive: true });
    execFileSync('cc', ['-O2', '-o', binary, source, '-lssl', '-lcrypto'], { stdio: 'inherit' });
  }
  return binary;
}

export async function startGatehouse(extra = []) {
  const data = temporary('gatehouse');
  const started = process.hrtime.bigint();
  // GATEHOUSE=…/gatehouse-server: another build, for figures before and after a change.
  const child = spawn(process.env.GATEHOUSE ?? path.join(root, 'gatehouse'),
    [...(process.env.GATEHOUSE ? [] : ['up']), '--data', data, '--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0', '--mqtt-plain-port', String(await freePort()), '--metrics-port', '0', ...extra],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DOTNET_TieredPGO: '0' } });
  let log = '';
  child.stdout.on('data', text => { log += text; });
  child.stderr.on('data', text => { log += text; });
  const file = path.join(data, 'connection.json');
  while (!fs.existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`gatehouse stopped before it was ready:\n${log}`);
    await sleep(5);
  }
  const connection = JSON.parse(fs.readFileSync(file, 'utf8'));
  const policy = Object.fromEntries(connection.hub.connectionString.split(';').map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  return {
    name: 'Gatehouse', pid: connection.pid, data, connection, policy,
    readyMs: Number(process.hrtime.bigint() - started) / 1e6,
    async stop() { child.kill('SIGTERM'); await new Promise(done => (child.exitCode !== null ? done() : child.once('exit', done))); fs.rmSync(data, { recursive: true, force: true }); },
  };
}

export function serviceToken(server) {
  const resource = encodeURIComponent(server.policy.HostName);
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const signature = createHmac('sha256', Buffer.from(server.policy.SharedAccessKey, 'base64')).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${server.policy.SharedAccessKeyName}`;
}

export async function request(server, method, target, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((done, fail) => {
    const call = https.request({
      host: 'localhost', port: server.connection.ports.https, method, path: target, ca: fs.readFileSync(server.connection.caFile),
      headers: { Authorization: serviceToken(server), ...(text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}) },
    }, reply => {
      let answer = '';
      reply.on('data', part => { answer += part; });
      reply.on('end', () => (reply.statusCode < 300 ? done(answer && JSON.parse(answer)) : fail(new Error(`${method} ${target}: ${reply.statusCode} ${answer}`))));
    });
    call.once('error', fail);
    call.end(text);
  });
}

/** Registers dev0 … dev{count-1}; each key is HMAC-SHA256(group key, device id), as mqload derives it. Returns the group key in base64. */
export async function registerDevices(server, count) {
  const group = randomBytes(32);
  for (let first = 0; first < count; first += 100) {
    const batch = [];
    for (let i = first; i < Math.min(first + 100, count); i++) {
      const key = createHmac('sha256', group).update(`dev${i}`).digest('base64');
      batch.push({ id: `dev${i}`, importMode: 'create', status: 'enabled', authentication: { type: 'sas', symmetricKey: { primaryKey: key, secondaryKey: key } } });
    }
    await request(server, 'POST', '/devices?api-version=2021-04-12', batch);
  }
  return group.toString('base64');
}

/** Mosquitto with TLS under Gatehouse's own server certificate, so that both do the same cryptography. */
export async function startMosquitto(certificates) {
  const folder = temporary('mosquitto');
  const plain = await freePort();
  const tls = await freePort();
  for (const [from, to] of [[certificates.ca, 'ca.pem'], [certificates.certificate, 'server.pem'], [certificates.key, 'server.key']]) {
    fs.copyFileSync(from, path.join(folder, to));
    fs.chmodSync(path.join(folder, to), 0o644);
  }
  fs.chmodSync(folder, 0o755);
  fs.writeFileSync(path.join(folder, 'mosquitto.conf'), [
    'allow_anonymous true', 'persistence false', 'max_inflight_messages 100', 'max_queued_messages 0', 'set_tcp_nodelay true', 'log_dest none',
    `listener ${plain} 127.0.0.1`, 'max_connections -1',
    `listener ${tls} 127.0.0.1`, 'max_connections -1', `certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`, `cafile ${folder}/ca.pem`,
  ].join('\n') + '\n');
  const child = spawn('mosquitto', ['-c', path.join(folder, 'mosquitto.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise(done => { const s = net.connect(tls, '127.0.0.1', () => { s.destroy(); done(true); }).once('error', () => done(false)); });
    if (open) return { name: 'Mosquitto', pid: child.pid, plain, tls, async stop() { child.kill(); await new Promise(done => child.once('exit', done)); fs.rmSync(folder, { recursive: true, force: true }); } };
    if (child.exitCode !== null) break;
    await sleep(25);
  }
  throw new Error('mosquitto did not start (Debian package: mosquitto)');
}

export function machine() {
  const cpu = os.cpus();
  const mosquitto = execFileSync('sh', ['-c', 'mosquitto -h | head -1']).toString().trim();
  const dotnet = execFileSync('dotnet', ['--version']).toString().trim();
  return `${cpu.length} × ${cpu[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, .NET SDK ${dotnet}, ${mosquitto}`;
}
