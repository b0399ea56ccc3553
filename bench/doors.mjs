// Twins, methods, messages to devices and telemetry over HTTPS, end to end through the doors of one server.
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { bench, registerDevices, root, serviceToken, startGatehouse } from './servers.mjs';

const loads = {
  twins: [
    ['reported patch of 10 properties, 1 device, one in flight', 'twins', { devices: 1, inFlight: 1 }],
    ['reported patches, 100 MQTT devices, one in flight each', 'twins', { devices: 100, inFlight: 100 }],
    ['reported patches, 100 MQTT devices, 4 in flight each', 'twins', { devices: 100, inFlight: 400 }],
  ],
  methods: [
    ['method, REST → MQTT device → REST, one at a time', 'methods', { devices: 1, inFlight: 1 }],
    ['method, 100 devices, 500 calls/s', 'methods', { devices: 100, inFlight: 50, rate: 500 }],
    ['method, 100 devices, 64 in flight', 'methods', { devices: 100, inFlight: 64 }],
  ],
  'cloud-to-device': [
    ['message over REST until its MQTT device has it, one at a time', 'c2d-rest', { devices: 1, inFlight: 1 }],
    ['message over REST, 100 devices, 100 messages/s', 'c2d-rest', { devices: 100, inFlight: 25, rate: 100 }],
    ['message over REST, 100 devices, 64 in flight', 'c2d-rest', { devices: 100, inFlight: 64 }],
    ['message over AMQP, 100 devices, 100 messages/s', 'c2d-amqp', { devices: 100, inFlight: 25, rate: 100 }],
    ['message over AMQP, 100 devices, 64 in flight', 'c2d-amqp', { devices: 100, inFlight: 64 }],
  ],
  http: [
    ['telemetry over HTTPS, 256 B, one device, one in flight', 'http', { devices: 0, inFlight: 1 }],
    ['telemetry over HTTPS, 256 B, 50 devices', 'http', { devices: 0, inFlight: 50 }],
    ['telemetry over HTTPS, 256 B, 50 devices, 50 messages in a batch', 'http-batch', { devices: 0, inFlight: 50, batch: 50 }],
  ],
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter(part => !loads[part]);
if (unknown.length) {
  console.error(`bench/doors: unknown part ${unknown.join(', ')}; the parts are ${Object.keys(loads).join(', ')}`);
  process.exit(2);
}
const seconds = Number(process.env.SECONDS_EACH || 8);
const out = path.join(root, 'artifacts', 'bench', 'door');
if (!process.env.GATEHOUSE) execFileSync('dotnet', ['build', path.join(bench, 'load', 'door'), '-c', 'Release', '-v', 'quiet', '--nologo', '-o', out], { stdio: ['ignore', 2, 2] });

console.log('| what | per second | server CPU µs | server CPU % | p50 ms | p99 ms | resident MB |\n|---|---|---|---|---|---|---|');
for (const part of chosen.length ? chosen : Object.keys(loads)) {
  const server = await startGatehouse(process.env.STORE ? ['--store', process.env.STORE] : []);
  try {
    const group = await registerDevices(server, 100);
    for (const [what, mode, load] of loads[part]) {
      const { ports } = server.connection;
      const figures = await run({ mode, mqtt: ports.mqtt, https: ports.https, amqp: ports.amqp, ca: server.connection.caFile, group, token: serviceToken(server), pid: server.pid, seconds,
        devices: load.devices, 'in-flight': load.inFlight, rate: load.rate ?? 0, batch: load.batch ?? 50 });
      console.log(`| ${what} | ${figures.perSecond} | ${figures.cpuMicros} | ${figures.cpuPercent} | ${figures.p50} | ${figures.p99} | ${figures.residentMegabytes} |`);
    }
  } finally {
    await server.stop();
  }
}

async function run(settings) {
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return JSON.parse(await new Promise((done, fail) => execFile(path.join(out, 'doorload'), words, (error, stdout, stderr) => (error ? fail(new Error(stderr || error.message)) : done(stdout)))));
}
