// From an empty data directory to an accepted device: wall time from the start of the command, and the server's resident memory then.
import fs from 'node:fs';
import tls from 'node:tls';
import { createHmac } from 'node:crypto';
import { registerDevices, startGatehouse } from './servers.mjs';

const limits = { milliseconds: 1500, megabytes: 120 };
const rounds = Number(process.argv[2] ?? 5);
const times = [];
const sizes = [];
for (let round = 0; round < rounds; round++) {
  const server = await startGatehouse();
  const readyMs = server.readyMs;
  const before = process.hrtime.bigint();
  await firstTls(server);
  times.push(readyMs + Number(process.hrtime.bigint() - before) / 1e6);
  await acceptDevice(server);
  sizes.push(Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1000);
  await server.stop();
}
times.sort((a, b) => a - b);
sizes.sort((a, b) => a - b);
const middle = rounds >> 1;
console.log(`cold start to accepting a device: median ${times[middle].toFixed(0)} ms (${times[0].toFixed(0)}–${times.at(-1).toFixed(0)}; limit ${limits.milliseconds}), `
  + `memory with a device connected: median ${sizes[middle].toFixed(0)} MB (limit ${limits.megabytes}), ${rounds} rounds`);
process.exit(times[middle] <= limits.milliseconds && sizes[middle] <= limits.megabytes ? 0 : 1);

async function firstTls(server) {
  await new Promise((done, fail) => {
    const socket = tls.connect({ host: 'localhost', port: server.connection.ports.mqtt, ca: fs.readFileSync(server.connection.caFile) }, () => { socket.destroy(); done(); }).once('error', fail);
  });
}

async function acceptDevice(server) {
  const group = Buffer.from(await registerDevices(server, 1), 'base64');
  const key = createHmac('sha256', group).update('dev0').digest();
  const resource = 'localhost%2Fdevices%2Fdev0';
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const password = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64'))}&se=${expiry}`;
  const text = value => { const bytes = Buffer.from(value); return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]); };
  const body = Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 60]), text('dev0'), text('localhost/dev0/?api-version=2021-04-12'), text(password)]);
  const length = [];
  for (let rest = body.length; ;) { const digit = rest % 128; rest = Math.floor(rest / 128); length.push(rest ? digit | 128 : digit); if (!rest) break; }
  await new Promise((done, fail) => {
    const socket = tls.connect({ host: 'localhost', port: server.connection.ports.mqtt, ca: fs.readFileSync(server.connection.caFile) }, () => socket.write(Buffer.concat([Buffer.from([0x10, ...length]), body])));
    socket.once('error', fail);
    socket.once('data', reply => (reply[0] === 0x20 && reply[3] === 0 ? (socket.destroy(), done()) : fail(new Error(`CONNACK ${reply.toString('hex')}`))));
  });
}
