// Paired comparison with Mosquitto: each part runs on both servers, one after the other, in one run.
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { buildLoadGenerator, machine, registerDevices, sleep, startGatehouse, startMosquitto } from './servers.mjs';

const parts = ['publish-plain', 'publish-tls', 'latency', 'connect', 'idle', 'scale'];
const words = process.argv.slice(2);
const markdown = words.includes('--markdown');
const quick = words.includes('--quick');
const chosen = words.filter(word => !word.startsWith('--'));
const unknown = chosen.filter(word => !parts.includes(word));
if (unknown.length) {
  console.error(`bench/run: unknown part ${unknown.join(', ')}; the parts are ${parts.join(', ')}`);
  process.exit(2);
}
const wanted = part => chosen.length === 0 || chosen.includes(part);
const mqload = buildLoadGenerator();
const settle = 1500;
const devices = quick ? 1000 : 10_000;
const gatehouse = await startGatehouse();
const groupKey = await registerDevices(gatehouse, devices);
const tlsFolder = path.dirname(gatehouse.connection.caFile);
const certificates = { ca: gatehouse.connection.caFile, certificate: path.join(tlsFolder, 'server.pem'), key: path.join(tlsFolder, 'server.key') };
const mosquitto = await startMosquitto(certificates);
const rows = [];

try {
  if (wanted('publish-plain')) await publish('publish QoS 1, 256 B, 50 connections, plain', false, 50, 400_000);
  if (wanted('publish-tls')) await publish('publish QoS 1, 256 B, 50 connections, TLS', true, 50, 400_000);
  if (wanted('latency')) await latency();
  if (wanted('connect')) {
    await connect('connect, full TLS 1.3 handshake', []);
    await connect('connect, resumed TLS session', ['--resume']);
  }
  if (wanted('idle')) await idle();
  if (wanted('scale')) for (const count of [10, 100, 1000, 10_000].filter(n => n <= devices)) await publish(`publish QoS 1, 256 B, ${count} connections, TLS`, true, count, 200_000, Math.min(32, Math.max(2, Math.ceil(3200 / count))));
} finally {
  await Promise.allSettled([gatehouse.stop(), mosquitto.stop()]);
}
print();

function target(server, tls) {
  if (server === mosquitto) return ['-p', String(tls ? server.tls : server.plain), ...(tls ? ['--tls', certificates.ca] : []), '-u', 'u%d', '-P', 'p', '-t', 'devices/dev%d/messages/events/'];
  return ['-p', String(tls ? server.connection.ports.mqtt : server.connection.ports.mqttPlain), ...(tls ? ['--tls', certificates.ca] : []),
    '-i', 'dev%d', '-u', 'localhost/dev%d/?api-version=2021-04-12', '--group-key', groupKey, '--resource', 'localhost/devices/dev%d', '-t', 'devices/dev%d/messages/events/'];
}

async function load(server, tls, args) {
  const out = await new Promise((done, fail) => execFile(mqload, ['-h', 'localhost', '--pid', String(server.pid), ...target(server, tls), ...args], { maxBuffer: 1 << 20 },
    (error, stdout, stderr) => (stdout ? done(stdout) : fail(error ?? new Error(stderr)))));
  await sleep(settle);                                      // closing this run's connections is not part of the next
  return JSON.parse(out);
}

/** Three paired rounds, servers in turn; the median of each figure is kept. */
async function paired(label, tls, args, figure, unit, extra = () => '') {
  const results = { Mosquitto: [], Gatehouse: [] };
  for (let round = 0; round < (quick ? 1 : 3); round++) for (const server of round % 2 ? [gatehouse, mosquitto] : [mosquitto, gatehouse]) results[server.name].push(await load(server, tls, args));
  const median = name => results[name].toSorted((a, b) => a[figure] - b[figure])[results[name].length >> 1];
  const theirs = median('Mosquitto');
  const ours = median('Gatehouse');
  for (const [name, runs] of Object.entries(results)) for (const run of runs) if (run.connect_failed || run.dropped_connections) console.error(`bench/run: ${label}: ${name} refused ${run.connect_failed} and dropped ${run.dropped_connections ?? 0} connections`);
  rows.push([label, unit, theirs[figure], ours[figure], (ours[figure] / theirs[figure]).toFixed(2), extra(theirs, ours)]);
  if (!markdown) console.error(rows.at(-1).join(' | '));
}

async function publish(label, tls, connections, messages, window = 32) {
  const args = ['--mode', 'publish', '-c', String(connections), '-n', String(quick ? messages / 4 : messages), '-w', String(window), '-s', '256', '-q', '1', '--sources', '8'];
  await load(gatehouse, tls, args.with(5, '50000'));      // the just-in-time compiler's work is not the steady state
  await paired(label, tls, args, 'server_cpu_us_per_msg', 'server CPU µs/message', (a, b) => `${Math.round(a.msgs_per_s / 1000)}k and ${Math.round(b.msgs_per_s / 1000)}k msg/s; ack p99 ${a.ack_ms_p99} and ${b.ack_ms_p99} ms`);
}

async function latency() {
  await paired('publish QoS 1, one connection, one in flight, TLS', true, ['--mode', 'publish', '-c', '1', '-n', '5000', '-w', '1', '-s', '256', '-q', '1'], 'ack_ms_p50', 'round trip p50 ms', (a, b) => `p99 ${a.ack_ms_p99} and ${b.ack_ms_p99} ms`);
}

async function connect(label, more) {
  const args = ['--mode', 'connect', '-c', quick ? '500' : '2000', '--concurrency', '32', '--sources', '8', ...more];
  await load(gatehouse, true, args);
  await paired(label, true, args, 'server_cpu_us_per_connect', 'server CPU µs/connect', (a, b) => `${Math.round(a.connects_per_s)} and ${Math.round(b.connects_per_s)} connects/s${more.length ? `; resumed ${a.resumed} and ${b.resumed}` : ''}`);
}

async function idle() {
  const count = String(devices);
  const one = async server => await load(server, true, ['--mode', 'idle', '-c', count, '--hold', '8', '--concurrency', '64', '--sources', '16']);
  const theirs = await one(mosquitto);
  const fresh = await startGatehouse();                    // a process that has served nothing yet, so that its memory is the connections'
  const key = await registerDevices(fresh, devices);
  const out = execFileSync(mqload, ['-h', 'localhost', '--pid', String(fresh.pid), '-p', String(fresh.connection.ports.mqtt), '--tls', fresh.connection.caFile, '-i', 'dev%d', '-u', 'localhost/dev%d/?api-version=2021-04-12',
    '--group-key', key, '--resource', 'localhost/devices/dev%d', '--mode', 'idle', '-c', count, '--hold', '8', '--concurrency', '64', '--sources', '16']).toString();
  await fresh.stop();
  const ours = JSON.parse(out);
  rows.push([`idle, ${count} TLS connections`, 'server KiB/connection', theirs.server_kib_per_idle_connection, ours.server_kib_per_idle_connection,
    (ours.server_kib_per_idle_connection / theirs.server_kib_per_idle_connection).toFixed(2), `idle CPU ${theirs.server_cpu_percent_idle} and ${ours.server_cpu_percent_idle} %`]);
  if (!markdown) console.error(rows.at(-1).join(' | '));
}

function print() {
  console.log(`Machine: ${machine()}. ${new Date().toISOString().slice(0, 10)}.\n`);
  const head = ['what', 'unit', 'Mosquitto', 'Gatehouse', 'ratio', 'beside it (Mosquitto and Gatehouse)'];
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}
