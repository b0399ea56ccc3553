// Routes of messages and of the hub's own events, made with the command line: to events, a signed webhook, an AMQP broker and a storage account;
// enrichments, the fallback, dead letters, and kill -9 in the middle. Own server.
import assert from 'node:assert/strict';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import avro from 'avsc';
import device from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { startAzurite } from '../lib/azurite.mjs';
import { startBroker } from '../lib/broker.mjs';
import { commandLine } from '../lib/cli.mjs';
import { collect, consumer } from '../lib/event-hubs.mjs';
import { Hub } from '../lib/hub.mjs';
import { startServer, until } from '../lib/server.mjs';

const options = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0', '--private-endpoints', '--blob-bytes', '1048576', '--partitions', '2'];
const secret = randomBytes(32).toString('hex');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-routing-'));
const hook = { answer: () => 200, taken: [], wrong: [] };
let server;
let hub;
let gatehouse;
let azurite;
let broker;
let webhook;

function secretFile(text) {
  const file = path.join(folder, randomBytes(6).toString('hex'));
  fs.writeFileSync(file, text);
  return file;
}

/** What a receiver does: the signature first, over the body as it came. */
function receive(request, response) {
  const parts = [];
  request.on('data', part => parts.push(part)).on('end', () => {
    const body = Buffer.concat(parts);
    const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(request.headers['gatehouse-signature'] ?? '') ?? [];
    const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
    const isGood = mac !== undefined && timingSafeEqual(Buffer.from(mac, 'hex'), expected) && Math.abs(Date.now() / 1000 - Number(time)) < 300;
    if (!isGood) hook.wrong.push(request.headers);
    const events = JSON.parse(body.toString());
    const status = hook.answer(events);
    if (status === 200) hook.taken.push(...events);
    response.writeHead(status).end();
  });
}

/** The unmodified device client, sent to this server's port as behind a gateway. */
async function connect(identity, modelId) {
  const client = device.Client.fromConnectionString(`${hub.deviceConnectionString(identity)};GatewayHostName=localhost:${hub.connection.ports.mqtt}`, Mqtt);
  await client.setOptions({ ca: hub.ca, ...(modelId ? { modelId } : {}) });
  await client.open();
  return client;
}

function message(body, properties) {
  const made = new device.Message(typeof body === 'string' ? body : JSON.stringify(body));
  made.contentType = 'application/json';
  made.contentEncoding = 'utf-8';
  for (const [key, value] of Object.entries(properties ?? {})) made.properties.add(key, value);
  return made;
}

const about = (source, deviceId) => hook.taken.filter(each => each.SystemProperties['iothub-message-source'] === source && each.SystemProperties.connectionDeviceId === deviceId);

before(async () => {
  webhook = http.createServer(receive);
  await new Promise(done => webhook.listen(0, '127.0.0.1', done));
  [server, azurite, broker] = await Promise.all([startServer(options), startAzurite({ containers: ['lines', 'avro', 'deflated'] }), startBroker()]);
  hub = new Hub(server.connection);
  gatehouse = commandLine(server.data);
  const account = secretFile(azurite.connectionString);
  await gatehouse('message-endpoint', 'create', 'webhook', 'hook', '--url', `http://127.0.0.1:${webhook.address().port}/hook`, '--secret-from', secretFile(secret));
  await gatehouse('message-endpoint', 'create', 'servicebus-queue', 'bus', '--connection-string-from', secretFile(broker.connectionString));
  for (const [container, encoding] of [['lines', 'json'], ['avro', 'avro'], ['deflated', 'avrodeflate']]) {
    await gatehouse('message-endpoint', 'create', 'storage-container', container, '--connection-string-from', account, '--container-name', container, '--encoding', encoding);
    await gatehouse('message-route', 'create', container, '--endpoint-name', container, '--condition', "kind = 'bulk'");
  }
  for (const name of ['hook', 'bus']) await gatehouse('message-route', 'create', `alarms-${name}`, '--endpoint-name', name, '--condition', "level = 'alarm' AND $body.temperature > 20");
  for (const source of ['TwinChangeEvents', 'DeviceLifecycleEvents', 'DeviceConnectionStateEvents', 'DigitalTwinChangeEvents']) {
    await gatehouse('message-route', 'create', source, '--source-type', source, '--endpoint-name', 'hook');
  }
  await gatehouse('message-route', 'create', 'lives', '--source-type', 'DeviceLifecycleEvents', '--endpoint-name', 'events', '--condition', "opType = 'deleteDeviceIdentity'");
  await gatehouse('message-enrichment', 'create', 'site', '--value', '$twin.tags.site', '--endpoints', 'hook', 'events');
  await gatehouse('message-enrichment', 'create', 'from', '--value', '$iothubname', '--endpoints', 'hook');
  await gatehouse('consumer-group', 'create', 'routing');
});

after(async () => {
  await server?.stop();
  await azurite?.stop();
  await broker?.stop();
  webhook?.closeAllConnections();
  webhook?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

test('messages go where their routes say, signed and enriched, and the rest to events', { timeout: 300_000 }, async () => {
  const identity = await hub.createDevice('routed-1');
  await hub.call('PATCH', '/twins/routed-1?api-version=2021-04-12', { tags: { site: 'attic' } });
  const client = await connect(identity);
  try {
    await client.sendEvent(message({ temperature: 21 }, { level: 'alarm' }));
    await client.sendEvent(message({ temperature: 19 }, { level: 'alarm' }));
    await client.sendEvent(message({ temperature: 22 }, { level: 'quiet' }));
  } finally {
    await client.close();
  }

  const [alarm] = await until('the alarm', () => about('Telemetry', 'routed-1').length && about('Telemetry', 'routed-1'));
  assert.deepEqual(alarm.Body, { temperature: 21 });
  assert.deepEqual(alarm.Properties, { level: 'alarm', site: 'attic', from: 'gatehouse' });
  assert.equal(alarm.SystemProperties.contentType, 'application/json');
  const [sent] = await until('the alarm at the broker', () => broker.taken.length && broker.taken);
  assert.equal(sent.body.content.toString(), '{"temperature":21}');
  assert.equal(sent.message_annotations['iothub-connection-device-id'], 'routed-1');
  assert.equal(sent.message_annotations['iothub-message-source'], 'Telemetry');
  assert.equal(sent.application_properties.level, 'alarm');
  assert.equal(sent.content_type, 'application/json');

  const reader = consumer(hub, { group: 'routing', overWebSocket: true });
  try {
    const read = await collect(reader, undefined, { offset: '-1' }, events => events.length >= 2);
    assert.deepEqual(read.map(each => each.body), [{ temperature: 19 }, { temperature: 22 }]);
    assert.deepEqual(read.map(each => each.properties), [{ level: 'alarm', site: 'attic' }, { level: 'quiet', site: 'attic' }]);
    assert.equal(read[0].systemProperties['iothub-connection-device-id'], 'routed-1');
  } finally {
    await reader.close();
  }

  assert.equal(about('Telemetry', 'routed-1').length, 1);
  assert.equal(broker.taken.length, 1);
});

test('twins, digital twins, identities and connections are told, in order, with the words of the service', { timeout: 300_000 }, async () => {
  const identity = await hub.createDevice('routed-2');
  const client = await connect(identity, 'dtmi:example:Thermostat;1');
  try {
    const twin = await client.getTwin();
    await new Promise((done, fail) => twin.properties.reported.update({ temperature: { value: 21, ac: 200, av: 2, ad: 'done' } }, error => (error ? fail(error) : done())));
    await hub.call('PATCH', '/twins/routed-2?api-version=2021-04-12', { properties: { desired: { temperature: 23 } } });
    await until('the connection', () => about('deviceConnectionStateEvents', 'routed-2').length === 1);
  } finally {
    await client.close();
  }
  await hub.createModule('routed-2', 'm1');
  await until('the end of the connection', () => about('deviceConnectionStateEvents', 'routed-2').length === 2);
  await hub.call('DELETE', '/devices/routed-2?api-version=2021-04-12', undefined, { 'If-Match': '*' });
  const lives = await until('the deletion', () => about('deviceLifecycleEvents', 'routed-2').length === 3 && about('deviceLifecycleEvents', 'routed-2'));

  assert.deepEqual(lives.map(each => each.Properties.opType), ['createDeviceIdentity', 'createModuleIdentity', 'deleteDeviceIdentity']);
  assert.deepEqual(lives.map(each => each.Properties['iothub-message-schema']), ['deviceLifecycleNotification', 'moduleLifecycleNotification', 'deviceLifecycleNotification']);
  assert.equal(lives[0].Body.deviceId, 'routed-2');
  assert.equal(lives[0].Body.properties.desired.$version, 1);
  assert.equal(lives[1].Properties.moduleId, 'm1');
  assert.equal(lives[2].Body.properties.desired.temperature, 23);

  const twins = about('twinChangeEvents', 'routed-2');
  assert.deepEqual(twins.map(each => each.Properties.opType), ['updateTwin', 'updateTwin']);
  assert.equal(twins[0].Body.properties.reported.temperature.value, 21);
  assert.equal(twins[1].Body.properties.desired.temperature, 23);
  assert.deepEqual(twins.map(each => each.Body.version), [3, 4]);
  const { SystemProperties: system, Properties: application } = twins[1];
  assert.deepEqual([system.contentType, system.contentEncoding, system.userId], ['application/json', 'utf-8', 'gatehouse']);
  assert.ok(system.correlationId);
  assert.deepEqual([application.hubName, application.deviceId, application['iothub-message-schema']], ['gatehouse', 'routed-2', 'twinChangeNotification']);
  assert.ok(Math.abs(Date.now() - Date.parse(application.operationTimestamp)) < 300_000);

  const digital = about('digitalTwinChangeEvents', 'routed-2');
  assert.deepEqual(digital.map(each => each.Body.map(({ op, path: place }) => `${op} ${place}`)), [
    ['replace /$metadata/$model'],
    ['add /$metadata/temperature/ackCode', 'add /$metadata/temperature/ackDescription', 'add /$metadata/temperature/ackVersion', 'add /$metadata/temperature/lastUpdateTime', 'add /temperature'],
    ['add /$metadata/temperature'],
  ]);
  assert.ok(digital.every(each => each.SystemProperties.contentType === 'application/json-patch+json' && each.Properties.from === undefined));

  const connections = about('deviceConnectionStateEvents', 'routed-2');
  assert.deepEqual(connections.map(each => each.Properties.opType), ['deviceConnected', 'deviceDisconnected']);
  assert.ok(connections.every(each => /^[0-9A-F]{64}$/.test(each.Body.sequenceNumber)));
  assert.ok(connections[0].Body.sequenceNumber < connections[1].Body.sequenceNumber);

  // To events went what its route let through; nothing of the other sources, which the fallback does not take.
  const told = await hub.events('routed-2', 1);
  assert.deepEqual(told.map(each => each.applicationProperties.opType), ['deleteDeviceIdentity']);
});

test('a storage account gets blobs of JSON lines and of Avro, named as the format says', { timeout: 300_000 }, async () => {
  const identity = await hub.createDevice('routed-3');
  const client = await connect(identity);
  const bodies = Array.from({ length: 12 }, (_, n) => ({ n, filling: 'x'.repeat(100_000) }));
  try {
    await Promise.all(bodies.map(body => client.sendEvent(message(body, { kind: 'bulk', n: String(body.n) }))));
  } finally {
    await client.close();
  }

  const records = {};
  for (const container of ['lines', 'avro', 'deflated']) {
    const store = azurite.service.getContainerClient(container);
    const [blob] = await until(`a blob in ${container}`, async () => {
      const found = [];
      for await (const each of store.listBlobsFlat()) found.push(each);
      return found.length && found;
    });
    assert.match(blob.name, container === 'lines' ? /^gatehouse\/0[01]\/\d{4}\/\d\d\/\d\d\/\d\d\/\d\d\.json$/ : /^gatehouse\/0[01]\/\d{4}\/\d\d\/\d\d\/\d\d\/\d\d\.avro$/);
    const content = await store.getBlobClient(blob.name).downloadToBuffer();
    records[container] = container === 'lines' ? content.toString().trimEnd().split('\r\n').map(line => JSON.parse(line)) : await decode(content);
  }

  const [line] = records.lines;
  assert.deepEqual(records.lines.map(each => each.Body), bodies.slice(0, records.lines.length));
  assert.ok(records.lines.length >= 9);
  assert.deepEqual(line.Properties, { kind: 'bulk', n: '0' });
  assert.deepEqual([line.SystemProperties.connectionDeviceId, line.SystemProperties.contentType, line.SystemProperties.contentEncoding], ['routed-3', 'application/json', 'utf-8']);
  for (const container of ['avro', 'deflated']) {
    assert.deepEqual(records[container].map(each => JSON.parse(each.Body)), records.lines.map(each => each.Body));
    assert.deepEqual({ ...records[container][0].Properties }, line.Properties);
    assert.deepEqual({ ...records[container][0].SystemProperties }, line.SystemProperties);
    assert.equal(records[container][0].EnqueuedTimeUtc, line.EnqueuedTimeUtc);
  }
});

test('what an endpoint refuses is found among its dead letters, sent again, or thrown away', { timeout: 300_000 }, async () => {
  const identity = await hub.createDevice('routed-4');
  const client = await connect(identity);
  hook.answer = events => (events.some(each => each.Body.temperature >= 90) ? 400 : 200);
  try {
    for (const temperature of [89, 90, 91]) await client.sendEvent(message({ temperature }, { level: 'alarm' }));
  } finally {
    await client.close();
  }

  const letters = await until('two dead letters', async () => {
    const found = await gatehouse('message-endpoint', 'dead-letters', 'list', 'hook');
    return found.length === 2 && found;
  });
  assert.ok(letters.every(each => each.reason.includes('400') && each.deviceId === 'routed-4' && each.source === 'Telemetry'));
  const shown = await gatehouse('message-endpoint', 'dead-letters', 'show', 'hook', letters[0].id);
  assert.deepEqual([shown.event.body, shown.event.applicationProperties.level], [{ temperature: 90 }, 'alarm']);
  const status = await gatehouse('message-route', 'status');
  assert.equal(status.endpoints.find(each => each.name === 'hook').deadLetters, 2);

  hook.answer = () => 200;
  assert.deepEqual(await gatehouse('message-endpoint', 'dead-letters', 'replay', 'hook', letters[0].id), { letters: 1 });
  assert.deepEqual(await gatehouse('message-endpoint', 'dead-letters', 'drop', 'hook', '--all'), { letters: 1 });
  const taken = await until('the letter', () => about('Telemetry', 'routed-4').length === 2 && about('Telemetry', 'routed-4'));
  assert.deepEqual(taken.map(each => each.Body.temperature), [89, 90]);
  assert.deepEqual(await gatehouse('message-endpoint', 'dead-letters', 'list', 'hook'), []);
  const audited = (await gatehouse('audit', 'list')).map(each => each.action);
  assert.ok(audited.includes('endpoint.dead-letters.replay') && audited.includes('endpoint.dead-letters.drop'));

  broker.reject = sent => (JSON.parse(sent.body.content).temperature === 95 ? { condition: 'amqp:not-allowed', description: 'too hot' } : undefined);
  const again = await connect(identity);
  try {
    for (const temperature of [95, 96]) await again.sendEvent(message({ temperature }, { level: 'alarm' }));
  } finally {
    await again.close();
  }
  await until('the message behind the rejected one', () => broker.taken.some(each => each.body.content.toString() === '{"temperature":96}'));
  const [rejected] = await until('the rejected message', async () => {
    const found = await gatehouse('message-endpoint', 'dead-letters', 'list', 'bus');
    return found.length && found;
  });
  assert.match(rejected.reason, /too hot/);
});

test('kill -9 while the webhook is down: every acknowledged message and every change that was answered arrives', { timeout: 300_000 }, async () => {
  hook.answer = () => 503;
  const first = hook.taken.length;
  const identity = await hub.createDevice('routed-5');
  const client = await connect(identity);
  try {
    await Promise.all(Array.from({ length: 30 }, (_, n) => client.sendEvent(message({ temperature: 100 + n }, { level: 'alarm' }))));
  } finally {
    await client.close();
  }

  // Killed at a moment of its own choosing, somewhere between the commit of a change and its event in the log.
  const answered = [];
  let isKilled = false;
  const writing = Array.from({ length: 4 }, async (_, writer) => {
    for (let n = 0; !isKilled; n++) {
      try {
        const { deviceId } = await hub.createDevice(`killed-${writer}-${n}`);
        answered.push(deviceId);
      } catch { /* the server is gone */ }
    }
  });
  await until('forty devices', () => answered.length >= 40);
  await server.kill();
  isKilled = true;
  await Promise.all(writing);

  hook.answer = () => 200;
  server = await startServer(options, undefined, server.data);
  hub = new Hub(server.connection);
  const arrived = () => new Set(hook.taken.slice(first).map(each => (each.SystemProperties['iothub-message-source'] === 'Telemetry' ? each.Body.temperature : `${each.Properties.opType} ${each.Properties.deviceId}`)));
  const missing = () => {
    const there = arrived();
    return [...Array.from({ length: 30 }, (_, n) => 100 + n), ...answered.map(each => `createDeviceIdentity ${each}`)].filter(each => !there.has(each));
  };
  await until('all of it', () => missing().length === 0).catch(() => assert.deepEqual(missing(), []));
  assert.deepEqual(hook.wrong, []);
});

/** All records of an Avro object container, by a reader of its own makers' kind. */
async function decode(content) {
  const decoder = new avro.streams.BlockDecoder();
  const found = [];
  decoder.on('data', each => found.push(each));
  const ended = new Promise((done, fail) => decoder.once('end', done).once('error', fail));
  decoder.end(content);
  await ended;
  return found;
}
