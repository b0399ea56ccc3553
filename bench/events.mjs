// Reading events as Event Hubs clients do: what an event costs the server, and how long it takes from the device to the consumer.
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { buildLoadGenerator, registerDevices, serviceToken, startGatehouse } from './servers.mjs';

const parts = ['read', 'latency'];
const words = process.argv.slice(2);
const quick = words.includes('--quick');
const markdown = words.includes('--markdown');
const chosen = words.filter(word => !word.startsWith('--'));
const unknown = chosen.filter(word => !parts.includes(word));
if (unknown.length) {
  console.error(`bench/events: unknown part ${unknown.join(', ')}; the parts are ${parts.join(', ')}`);
  process.exit(2);
}
const wanted = part => chosen.length === 0 || chosen.includes(part);
const mqload = buildLoadGenerator();
const evload = buildLoadGenerator('evload');
const devices = 50;
const rows = [];
const server = await startGatehouse();
try {
  const groupKey = await registerDevices(server, devices);
  const filled = await run(mqload, ['-h', 'localhost', '-p', server.connection.ports.mqtt, '--tls', server.connection.caFile, '-i', 'dev%d', '-u', 'localhost/dev%d/?api-version=2021-04-12',
    '--group-key', groupKey, '--resource', 'localhost/devices/dev%d', '-t', 'devices/dev%d/messages/events/', '--pid', server.pid, '--mode', 'publish', '-c', devices, '-n', quick ? 100_000 : 1_000_000, '-w', 32, '-s', 256, '-q', 1]);
  if (wanted('read')) await read(filled.acked);
  if (wanted('latency')) await latency(groupKey, filled.msgs_per_s);
} finally {
  await server.stop();
}
if (markdown) {
  console.log('| measurement | figure | value | remarks |\n|---|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

async function read(count) {
  const runs = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) runs.push(await events(['--mode', 'read', '-n', count]));
  const median = runs.toSorted((a, b) => a.server_cpu_us_per_event - b.server_cpu_us_per_event)[runs.length >> 1];
  add('one consumer reads 256 B events of 4 partitions, TLS', 'server CPU µs/event', median.server_cpu_us_per_event,
    `${Math.round(median.events_per_s_per_core / 1000)}k events/s per core; ${Math.round(median.events_per_s / 1000)}k events/s reached`);
}

async function latency(groupKey, publishLimit) {
  const lines = Array.from({ length: 10 }, (_, i) => [`dev${i}`, `localhost/dev${i}/?api-version=2021-04-12`, deviceToken(groupKey, `dev${i}`)].join('\t')).join('\n');
  const measure = (rate, seconds) => events(['--mode', 'latency', '--rate', Math.round(rate), '--seconds', quick ? seconds / 4 : seconds, '--mqtt', server.connection.ports.mqtt], lines);
  // Full load is what publisher, server and consumer reach together on this machine; a publisher alone is faster, and half of its rate is no half load.
  const full = (await measure(publishLimit, 8)).msgs_per_s;
  for (const [label, rate] of [['half load', full / 2], ['a tenth of that', full / 20]]) {
    const result = await measure(rate, 20);
    if (result.received < result.published) throw new Error(`${result.published - result.received} events were lost`);
    add(`device to consumer, ${label}`, 'ms p50 / p99', `${result.ms_p50} / ${result.ms_p99}`, `${Math.round(result.msgs_per_s / 1000)}k msg/s, server CPU ${Math.round(result.server_cpu_percent)} %, p99.9 ${result.ms_p999} ms`);
  }
}

async function events(args, input = '') {
  const { HostName: host, SharedAccessKeyName: policy } = server.policy;
  return await run(evload, ['-h', 'localhost', '-p', server.connection.ports.amqp, '--tls', server.connection.caFile, '--pid', server.pid, '--entity', server.connection.hub.name, ...args],
    { EVLOAD_USER: `${policy}@sas.root.${host.split('.')[0]}`, EVLOAD_PASSWORD: serviceToken(server) }, input);
}

async function run(file, args, env = {}, input = '') {
  const out = await new Promise((done, fail) => {
    const child = execFile(file, args.map(String), { maxBuffer: 1 << 20, env: { ...process.env, ...env } }, (error, stdout, stderr) => (stdout ? done(stdout) : fail(new Error(stderr || error?.message))));
    child.stdin.end(input);
  });
  return JSON.parse(out);
}

function deviceToken(groupKey, id) {
  const key = createHmac('sha256', Buffer.from(groupKey, 'base64')).update(id).digest();
  const resource = encodeURIComponent(`localhost/devices/${id}`);
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64'))}&se=${expiry}`;
}

function add(...row) {
  rows.push(row);
  if (!markdown) console.log(row.join(' | '));
}
