// kill -9 while messages to devices travel: what was accepted is delivered, in the end, to its own device and to no other. Own server, own data.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import rhea from 'rhea';
import { Hub, sasToken } from '../lib/hub.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const rounds = Number(process.env.GATEHOUSE_CRASH_ROUNDS ?? 10);
const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];

/** A rhea connection with SASL PLAIN; it may break at any moment. */
function connect(hub, username, password) {
  const container = rhea.create_container();
  const connection = container.connect({ host: 'localhost', hostname: hub.host, port: hub.connection.ports.amqp, transport: 'tls', ca: fs.readFileSync(hub.connection.caFile), reconnect: false, username, password });
  for (const event of ['error', 'connection_close', 'connection_error', 'disconnected', 'session_error', 'sender_error', 'receiver_error']) connection.on(event, () => {});
  return connection;
}

/** Listens for one device and completes what comes; what came is put into `came`. */
function listen(hub, identity, came) {
  const { deviceId, authentication } = identity;
  const connection = connect(hub, `${deviceId}@sas.${hub.host.split('.')[0]}`, sasToken(`${hub.host}/devices/${deviceId}`, authentication.symmetricKey.primaryKey));
  connection.open_receiver({ source: `/devices/${deviceId}/messages/devicebound`, autoaccept: false, credit_window: 10 });
  connection.on('message', ({ message, delivery }) => {
    came.push(message.body.content.toString());
    delivery.accept();
  });
  return connection;
}

test(`no accepted message is lost or misled in ${rounds} rounds of kill -9`, { timeout: 600_000 }, async () => {
  let server = await startServer(ports);
  const devices = [];
  for (let i = 0; i < 4; i++) devices.push(await new Hub(server.connection).createDevice(`c2d-crash-${i}`));
  const accepted = new Map(devices.map(device => [device.deviceId, new Set()]));
  const came = new Map(devices.map(device => [device.deviceId, []]));
  let next = 0;
  for (let round = 0; round < rounds; round++) {
    const hub = new Hub(server.connection);
    const connections = devices.map(device => listen(hub, device, came.get(device.deviceId)));
    const back = connect(hub, `${hub.policy.SharedAccessKeyName}@sas.root.${hub.host.split('.')[0]}`, hub.token());
    const sender = back.open_sender('/messages/devicebound');
    const under = new Map();
    sender.on('accepted', ({ delivery }) => { const { deviceId, body } = under.get(delivery.id); accepted.get(deviceId).add(body); });
    let left = 40;
    sender.on('sendable', () => {
      for (; left > 0 && sender.sendable(); left--) {
        const { deviceId } = devices[left % devices.length];
        const body = `${deviceId} ${++next}`;
        const delivery = sender.send({ to: `/devices/${deviceId}/messages/devicebound`, message_id: `m-${next}`, body: rhea.message.data_section(Buffer.from(body)) });
        under.set(delivery.id, { deviceId, body });
      }
    });
    const before = new Map([...accepted].map(([deviceId, bodies]) => [deviceId, bodies.size]));
    const isUnderWay = () => [...accepted].every(([deviceId, bodies]) => bodies.size > before.get(deviceId));
    await until(`round ${round}: a message accepted for each device`, isUnderWay).catch(error => { throw new Error(`${error.message} (${back.error ?? 'no error'})`, { cause: error }); });
    await sleep(Math.random() * 100);
    await server.kill();
    for (const connection of [...connections, back]) connection.close();
    server = await startServer(ports, undefined, server.data);
  }

  // A new session takes over at once what one that died held: nobody waits for the end of a lock.
  const hub = new Hub(server.connection);
  const connections = devices.map(device => listen(hub, device, came.get(device.deviceId)));
  const missing = () => devices.flatMap(({ deviceId }) => [...accepted.get(deviceId)].filter(body => !came.get(deviceId).includes(body)));
  await until('the rest', () => missing().length === 0).catch(() => { /* the next line names it */ });

  assert.deepEqual(missing(), []);
  for (const { deviceId } of devices) {
    assert.ok(came.get(deviceId).every(body => body.startsWith(`${deviceId} `)), 'nothing came to another device');
  }
  for (const connection of connections) connection.close();
  await server.stop();
});
