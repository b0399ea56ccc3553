// kill -9 at any moment: what was acknowledged is there after the restart, and the audit chain verifies. Own servers, own data.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const rounds = Number(process.env.GATEHOUSE_CRASH_ROUNDS ?? 50);
const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];

test(`no acknowledged message is lost in ${rounds} rounds of kill -9 under load`, { timeout: 600_000 }, async () => {
  let server = await startServer(ports);
  const devices = [];
  for (let i = 0; i < 4; i++) devices.push(await new Hub(server.connection).createDevice(`crash-${i}`));
  const acknowledged = new Map(devices.map(device => [device.deviceId, new Set()]));
  let next = 0;
  for (let round = 0; round < rounds; round++) {
    const hub = new Hub(server.connection);
    const sessions = await Promise.all(devices.map(async device => await RawDevice.connect(hub, device)));
    for (const [index, session] of sessions.entries()) {
      assert.equal(session.connack.returnCode, 0, `round ${round}: the device is still known`);
      const { deviceId } = devices[index];
      const sent = new Map();
      session.socket.on('data', () => {
        for (const packet of session.packets.splice(0)) if (packet.cmd === 'puback') acknowledged.get(deviceId).add(sent.get(packet.messageId));
      });
      for (let i = 1; i <= 500; i++) {
        sent.set(i, ++next);
        session.publish(`devices/${deviceId}/messages/events/`, String(next), i);
      }
    }
    await hub.createDevice();                            // a registry write in flight, for the audit chain
    if (round === 0) await until('an acknowledgement for each device', () => [...acknowledged.values()].every(numbers => numbers.size > 0));
    await sleep(Math.random() * 60);
    await server.kill();
    for (const session of sessions) session.end();
    server = await startServer(ports, undefined, server.data);
  }

  const hub = new Hub(server.connection);
  for (const [deviceId, expected] of acknowledged) {
    const missing = new Set(expected);
    await hub.eachEvent(deviceId, event => missing.delete(Number(event.bodyText ?? event.body)) && missing.size === 0,
      () => `${missing.size} of ${expected.size} acknowledged messages of ${deviceId} did not come (${[...missing].slice(0, 5)})`);
  }
  const verified = await hub.call('GET', '/gatehouse/v1/audit/verify');
  assert.equal(verified.isIntact, true, JSON.stringify(verified));
  await server.stop();
});

test('a restart keeps devices, keys, certificate and policies; connection.json goes at an orderly stop', async () => {
  const first = await startServer(ports);
  const hub = new Hub(first.connection);
  const identity = await hub.createDevice('kept');
  const ca = fs.readFileSync(first.connection.caFile, 'utf8');
  first.child.kill('SIGTERM');
  await new Promise(done => first.child.once('exit', done));
  assert.equal(first.child.exitCode, 0);
  assert.ok(!fs.existsSync(`${first.data}/connection.json`));

  const second = await startServer(ports, undefined, first.data);
  const again = new Hub(second.connection);
  assert.equal(again.connectionString.split(';SharedAccessKey=')[1], hub.connectionString.split(';SharedAccessKey=')[1]);
  assert.equal(fs.readFileSync(second.connection.caFile, 'utf8'), ca);
  const read = await again.call('GET', '/devices/kept?api-version=2021-04-12');
  assert.deepEqual(read.authentication, identity.authentication);
  const raw = await RawDevice.connect(again, identity);
  assert.equal(raw.connack.returnCode, 0);
  raw.end();
  await second.stop();
});

test('two servers on one data directory: the second says so and stops', async () => {
  const first = await startServer(ports);
  await assert.rejects(startServer(ports, undefined, first.data), /another server runs/);
  await first.stop();
});
