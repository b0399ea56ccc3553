// AMQP beside MQTT on the same server: telemetry of pooled devices, and idle connections.
import { execFile } from 'node:child_process';
import { buildLoadGenerator, machine, registerDevices, startGatehouse } from './servers.mjs';

const parts = ['publish', 'idle'];
const words = process.argv.slice(2);
const markdown = words.includes('--markdown');
const quick = words.includes('--quick');
const chosen = words.filter(word => !word.startsWith('--'));
const unknown = chosen.filter(word => !parts.includes(word));
if (unknown.length) {
  console.error(`bench/amqp: unknown part ${unknown.join(', ')}; the parts are ${parts.join(', ')}`);
  process.exit(2);
}
const wanted = part => chosen.length === 0 || chosen.includes(part);
const mqload = buildLoadGenerator('mqload');
const amqpload = buildLoadGenerator('amqpload');
const devices = quick ? 1000 : 10_000;
const rows = [];

const run = async (program, args) => JSON.parse(await new Promise((done, fail) => execFile(program, args.map(String), { maxBuffer: 1 << 20 }, (error, stdout, stderr) => (stdout.endsWith('}\n') ? done(stdout) : fail(new Error(stderr || error))))));
const amqp = (server, args) => run(amqpload, ['-p', server.connection.ports.amqp, '--tls', server.connection.caFile, '--policy', server.policy.SharedAccessKeyName, '--key', server.policy.SharedAccessKey, '--pid', server.pid, '--devices', devices, ...args]);
const mqtt = (server, key, args) => run(mqload, ['-h', 'localhost', '-p', server.connection.ports.mqtt, '--tls', server.connection.caFile, '--pid', server.pid, '-i', 'dev%d', '-u', 'localhost/dev%d/?api-version=2021-04-12',
  '--group-key', key, '--resource', 'localhost/devices/dev%d', '-t', 'devices/dev%d/messages/events/', ...args]);

if (wanted('publish')) await publish();
if (wanted('idle')) await idle();
console.log(`Machine: ${machine()}. ${new Date().toISOString().slice(0, 10)}.\n`);
const head = ['what', 'unit', 'MQTT', 'AMQP', 'ratio', 'beside it'];
for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);

/** Three rounds of each, in turn, on one server; the median of each counts. */
async function publish() {
  const server = await startGatehouse();
  const key = await registerDevices(server, devices);
  const count = quick ? 100_000 : 400_000;
  const both = {
    mqtt: n => mqtt(server, key, ['--mode', 'publish', '-c', 50, '-n', n, '-w', 8, '-s', 256, '-q', 1, '--sources', 8]),
    amqp: n => amqp(server, ['-c', 4, '-l', 25, '-n', n, '-w', 100, '-s', 256]),
  };
  const results = { mqtt: [], amqp: [] };
  for (const load of Object.values(both)) await load(100_000);        // the just-in-time compiler's work is not the steady state
  for (let round = 0; round < (quick ? 1 : 3); round++) for (const name of round % 2 ? ['amqp', 'mqtt'] : ['mqtt', 'amqp']) results[name].push(await both[name](count));
  await server.stop();
  const median = name => results[name].toSorted((a, b) => a.server_cpu_us_per_msg - b.server_cpu_us_per_msg)[results[name].length >> 1];
  add('telemetry, 256 B, TLS, 400 in flight: 50 MQTT connections, 4 AMQP connections of 25 devices', 'server CPU µs/message', median('mqtt').server_cpu_us_per_msg, median('amqp').server_cpu_us_per_msg,
    `${Math.round(median('mqtt').msgs_per_s / 1000)}k and ${Math.round(median('amqp').msgs_per_s / 1000)}k msg/s; ack p99 ${median('mqtt').ack_ms_p99} and ${median('amqp').ack_ms_p99} ms`);
}

/** A fresh process for each, so that its memory is the connections'. */
async function idle() {
  const figures = {};
  for (const name of ['mqtt', 'amqp']) {
    const server = await startGatehouse();
    const key = await registerDevices(server, devices);
    figures[name] = name === 'mqtt'
      ? await mqtt(server, key, ['--mode', 'idle', '-c', devices, '--hold', 8, '--concurrency', 64, '--sources', 16])
      : await amqp(server, ['--mode', 'idle', '-c', devices, '-l', 1, '--hold', 8]);
    await server.stop();
  }
  add(`idle, ${devices} TLS connections; AMQP with $cbs and one link`, 'server KiB/connection', figures.mqtt.server_kib_per_idle_connection, figures.amqp.server_kib_per_idle_connection,
    `idle CPU ${figures.mqtt.server_cpu_percent_idle} and ${figures.amqp.server_cpu_percent_idle} %; connect ${figures.mqtt.server_cpu_us_per_connect} and ${figures.amqp.server_cpu_us_per_connect} µs`);
}

function add(what, unit, theirs, ours, beside) {
  rows.push([what, unit, theirs, ours, (ours / theirs).toFixed(2), beside]);
  if (!markdown) console.error(rows.at(-1).join(' | '));
}
