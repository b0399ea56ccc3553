// Routes to a real RabbitMQ, over TLS and without, read back by a client of AMQP: all messages, whole, in order per device; kill -9 of the broker; what
// it rejects; a wrong password. Own server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import device from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { commandLine } from '../lib/cli.mjs';
import { Hub } from '../lib/hub.mjs';
import { outsideTls } from '../lib/outside.mjs';
import { startRabbitMq } from '../lib/rabbitmq.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const users = { sender: { password: 's3cret-of-the-queue', tags: 'impersonator' }, plain: { password: 'another-s3cret' } };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-routing-'));
let server;
let hub;
let gatehouse;
let rabbit;

before(async () => {
  [server, rabbit] = await Promise.all([
    startServer(['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0', '--private-endpoints', '--partitions', '2']),
    startRabbitMq({ queues: ['telemetry', 'twins', 'crash'], users, tls: outsideTls() }),
  ]);
  hub = new Hub(server.connection);
  gatehouse = commandLine(server.data);
  await endpoint('telemetry', rabbit.connectionString('sender', 'telemetry', { overTls: true }));
  await endpoint('crash', rabbit.connectionString('sender', 'crash', { overTls: true }));
  await endpoint('twins', rabbit.connectionString('sender', 'twins'));
  await endpoint('not-impersonating', rabbit.connectionString('plain', 'twins'));
  await endpoint('wrong-password', rabbit.connectionString('sender', 'telemetry', { password: 'not-it' }));
  for (const name of ['telemetry', 'crash', 'wrong-password']) await gatehouse('message-route', 'create', name, '--endpoint-name', name, '--condition', `kind = '${name}'`);
  for (const name of ['twins', 'not-impersonating']) await gatehouse('message-route', 'create', name, '--source-type', 'TwinChangeEvents', '--endpoint-name', name);
});

after(async () => {
  await server?.stop();
  await rabbit?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function endpoint(name, connectionString) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, connectionString);
  await gatehouse('message-endpoint', 'create', 'servicebus-queue', name, '--connection-string-from', file);
}

const state = async name => (await hub.call('GET', '/gatehouse/v1/routing/status')).endpoints.find(each => each.name === name);

/** Runs `work` with the unmodified device client of a new device. */
async function withDevice(id, work) {
  const identity = await hub.createDevice(id);
  const client = device.Client.fromConnectionString(`${hub.deviceConnectionString(identity)};GatewayHostName=localhost:${hub.connection.ports.mqtt}`, Mqtt);
  await client.setOptions({ ca: hub.ca });
  await client.open();
  try {
    await work(client, identity);
  } finally {
    await client.close();
  }
}

function message(kind, n) {
  const made = new device.Message(JSON.stringify({ n }));
  [made.messageId, made.correlationId, made.contentType, made.contentEncoding] = [`m${n}`, 'c1', 'application/json', 'utf-8'];
  made.properties.add('kind', kind);
  made.properties.add('naïve', 'ja & nein');
  return made;
}

const deviceOf = sent => sent.message_annotations['iothub-connection-device-id'];
const numbersOf = (taken, id) => taken.filter(each => deviceOf(each) === id).map(each => JSON.parse(each.body.content).n);
const upTo = count => Array.from({ length: count }, (_, n) => n);

test('a queue gets all messages over TLS, whole, in the order of each device', { timeout: 300_000 }, async () => {
  const count = 120;
  const generations = {};
  await Promise.all(['rabbit-1', 'rabbit-2'].map(id => withDevice(id, async (client, identity) => {
    generations[id] = identity.generationId;
    await Promise.all(upTo(count).map(n => client.sendEvent(message('telemetry', n))));
  })));

  const taken = await rabbit.take('telemetry', all => all.length >= 2 * count);
  for (const id of ['rabbit-1', 'rabbit-2']) assert.deepEqual(numbersOf(taken, id), upTo(count));
  assert.equal(taken.length, 2 * count);
  for (const sent of taken) {
    const { n } = JSON.parse(sent.body.content);
    assert.deepEqual({ ...sent.application_properties }, { kind: 'telemetry', naïve: 'ja & nein' });
    assert.deepEqual([sent.message_id, sent.correlation_id, sent.content_type, sent.content_encoding], [`m${n}`, 'c1', 'application/json', 'utf-8']);
    assert.equal(sent.durable, true);
    const { 'iothub-enqueuedtime': enqueued, ...annotations } = sent.message_annotations;
    assert.ok(Math.abs(Date.now() - enqueued) < 300_000);
    assert.equal(annotations['iothub-message-source'], 'Telemetry');
    assert.equal(annotations['iothub-connection-auth-generation-id'], generations[deviceOf(sent)]);
    assert.deepEqual(JSON.parse(annotations['iothub-connection-auth-method']), { scope: 'device', type: 'sas', issuer: 'iothub', acceptingIpFilterRule: null });
  }
  assert.equal((await state('telemetry')).health, 'healthy');
});

test('events of the hub need a user who may impersonate; without, they are dead letters that say so', { timeout: 300_000 }, async () => {
  await withDevice('rabbit-3', async client => {
    const twin = await client.getTwin();
    await new Promise((done, fail) => { twin.properties.reported.update({ temperature: 21 }, error => (error ? fail(error) : done())); });
  });

  const [change, ...more] = await rabbit.take('twins', all => all.length >= 1);
  assert.deepEqual(more, []);
  assert.equal(JSON.parse(change.body.content).properties.reported.temperature, 21);
  assert.equal(change.message_annotations['iothub-message-source'], 'twinChangeEvents');
  assert.deepEqual([change.application_properties.opType, change.application_properties.deviceId, change.user_id.toString()], ['updateTwin', 'rabbit-3', 'gatehouse']);

  const [letter] = await until('the dead letter', async () => {
    const found = await gatehouse('message-endpoint', 'dead-letters', 'list', 'not-impersonating');
    return found.length && found;
  });
  assert.equal(letter.deviceId, 'rabbit-3');
  assert.match(letter.reason, /user_id/);
});

test('kill -9 of the broker in the middle: all that was acknowledged to devices arrives, in order', { timeout: 300_000 }, async () => {
  const ids = ['rabbit-4', 'rabbit-5'];
  const acknowledged = Object.fromEntries(ids.map(id => [id, 0]));
  let isEnough = false;
  const sending = Promise.all(ids.map(id => withDevice(id, async client => {
    for (let n = 0; !isEnough; n++) {
      await client.sendEvent(message('crash', n));
      acknowledged[id] = n + 1;
      await sleep(20);
    }
  })));
  const more = async count => {
    const before = { ...acknowledged };
    await until(`${count} messages of each device`, () => ids.every(id => acknowledged[id] >= before[id] + count));
  };

  await more(50);
  await rabbit.kill();
  await more(50);
  await until('the outage to be seen', async () => (await state('crash')).health === 'unhealthy');
  await rabbit.start();
  await more(50);
  isEnough = true;
  await sending;

  // Again may come what the broker took and could not say so any more; what comes for the first time comes in order.
  const came = Object.fromEntries(ids.map(id => [id, new Set()]));
  await rabbit.take('crash', all => {
    const newest = all.at(-1);
    came[deviceOf(newest)].add(JSON.parse(newest.body.content).n);
    return ids.every(id => came[id].size >= acknowledged[id]);
  }, 60);
  for (const id of ids) assert.deepEqual([...came[id]], upTo(acknowledged[id]));
  await until('health', async () => (await state('crash')).health === 'healthy');
  assert.deepEqual(await gatehouse('message-endpoint', 'dead-letters', 'list', 'crash'), []);
});

test('a wrong password is told in the state of its endpoint, and nothing is lost by it', { timeout: 300_000 }, async () => {
  await withDevice('rabbit-6', client => client.sendEvent(message('wrong-password', 0)));

  const told = await until('the refusal', async () => {
    const found = await state('wrong-password');
    return found.health === 'unhealthy' && found;
  });
  assert.match(told.lastError, /refused the user or the password/);
  assert.ok(!JSON.stringify(told).includes('not-it'));

  fs.writeFileSync(path.join(folder, 'right'), rabbit.connectionString('sender', 'telemetry'));
  await gatehouse('message-endpoint', 'update', 'wrong-password', '--connection-string-from', path.join(folder, 'right'));
  const [sent] = await rabbit.take('telemetry', all => all.length >= 1);
  assert.equal(deviceOf(sent), 'rabbit-6');
});
