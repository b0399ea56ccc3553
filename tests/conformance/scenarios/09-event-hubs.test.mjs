// The Event-Hubs-compatible endpoint read by @azure/event-hubs, over TCP and over WebSockets. What SDKs do not do: rhea.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import rhea from 'rhea';
import { bodyOf, collect, consumer, publishNumbers, receiverError } from '../lib/event-hubs.mjs';
import { fields, Hub, sasToken, unique } from '../lib/hub.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const hub = Hub.running();
const eventHub = fields(hub.connection.hub.eventHubConnectionString);

// One device, so one partition: numbers 0 to 19 with a pause after 9.
const device = await hub.createDevice();
await publishNumbers(hub, device, 10, { bag: '%24.mid=m1&%24.cid=c1&%24.ct=application%2Fjson&%24.ce=utf-8&color=red&empty=&none' });
await sleep(50);
const between = new Date();
await sleep(50);
await publishNumbers(hub, device, 10, { from: 10 });
const everything = { earliest: true };
const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Runs a body with a client that is closed in the end. */
const withClient = (options, body) => async () => {
  const client = consumer(hub, options);
  try { await body(client); } finally { await client.close(); }
};

for (const overWebSocket of [false, true]) {
  const over = overWebSocket ? 'WebSockets' : 'TCP';

  test(`${over}: properties of the hub and of its partitions`, withClient({ overWebSocket }, async client => {
    const properties = await client.getEventHubProperties();
    assert.equal(properties.name, eventHub.EntityPath);
    assert.deepEqual(properties.partitionIds, ['0', '1', '2', '3']);
    assert.ok(Math.abs(properties.createdOn - Date.now()) < 600_000, String(properties.createdOn));
    assert.deepEqual(await client.getPartitionIds(), properties.partitionIds);
    let newest = new Date(0);
    for (const id of properties.partitionIds) {
      const partition = await client.getPartitionProperties(id);
      assert.equal(partition.partitionId, id);
      assert.equal(partition.eventHubName, eventHub.EntityPath);
      assert.equal(partition.isEmpty, partition.lastEnqueuedSequenceNumber < 0);
      assert.equal(String(partition.lastEnqueuedSequenceNumber), String(partition.lastEnqueuedOffset));
      if (!partition.isEmpty) assert.equal(partition.beginningSequenceNumber, 0);
      if (partition.lastEnqueuedOnUtc > newest) newest = partition.lastEnqueuedOnUtc;
    }
    assert.ok(newest > between && newest - Date.now() < 60_000, String(newest));
  }));

  test(`${over}: every event from the earliest, with its properties`, withClient({ overWebSocket }, async client => {
    const { partition, events } = await readDevice(client);
    assert.deepEqual(events.map(event => Number(event.body)), numbers(0, 20));
    const [first] = events;
    assert.equal(first.messageId, 'm1');
    assert.equal(first.correlationId, 'c1');
    assert.equal(first.contentType, 'application/json');
    assert.deepEqual({ ...first.properties }, { color: 'red', empty: '', none: null });
    assert.equal(first.partitionKey, device.deviceId);
    assert.equal(first.systemProperties['iothub-connection-device-id'], device.deviceId);
    assert.equal(first.systemProperties['iothub-message-source'], 'Telemetry');
    assert.equal(JSON.parse(first.systemProperties['iothub-connection-auth-method']).scope, 'device');
    assert.equal(first.systemProperties['iothub-connection-auth-generation-id'], device.generationId);
    assert.ok(Math.abs(first.enqueuedTimeUtc - Date.now()) < 600_000);
    assert.equal(first.offset, String(first.sequenceNumber));
    assert.ok(partition >= 0);
  }));

  test(`${over}: offset, sequence number and time, inclusive and not; latest`, withClient({ overWebSocket }, async client => {
    const { partition, events } = await readDevice(client);
    const at = events[10];
    const mine = some => some.filter(event => event.partitionKey === device.deviceId);
    const from = async (position, count) => mine(await collect(client, String(partition), position, some => mine(some).length >= count)).map(event => Number(event.body));
    assert.deepEqual(await from({ offset: at.offset }, 9), numbers(11, 20));
    assert.deepEqual(await from({ offset: at.offset, isInclusive: true }, 10), numbers(10, 20));
    assert.deepEqual(await from({ sequenceNumber: at.sequenceNumber }, 9), numbers(11, 20));
    assert.deepEqual(await from({ sequenceNumber: at.sequenceNumber, isInclusive: true }, 10), numbers(10, 20));
    assert.deepEqual(await from({ enqueuedOn: between }, 10), numbers(10, 20));
    assert.deepEqual(await from({ offset: '-1' }, 20), numbers(0, 20));

    const other = await sibling(partition);
    // Latest is where the end is when the receiver is there, which nobody tells: it is sent to until it has something. Other scenarios' devices send into the partition too.
    const theirs = some => some.filter(event => event.partitionKey === other.deviceId).map(event => Number(event.body));
    let isHeard = false;
    const news = collect(client, String(partition), { offset: '@latest' }, some => theirs(some).length >= 1).finally(() => { isHeard = true; });
    for (; !isHeard; await sleep(500)) await publishNumbers(hub, other, 1, { from: 999 });
    assert.equal(theirs(await news)[0], 999);
  }));
}

test('the end of the partition is told with each event when asked for', withClient({}, async client => {
  const { partition } = await readDevice(client);
  let told;
  const seen = await new Promise((done, fail) => {
    const subscription = client.subscribe(String(partition), {
      processEvents: async (events, context) => { if (events.length) { told = context.lastEnqueuedEventProperties; await subscription.close(); done(events); } },
      processError: async error => fail(error),
    }, { startPosition: { offset: '-1' }, trackLastEnqueuedEventProperties: true, maxBatchSize: 3 });
  });
  assert.ok(seen.length > 0);
  assert.equal(String(told.sequenceNumber), String(told.offset));
  assert.ok(told.sequenceNumber >= 19);
  assert.ok(Math.abs(told.retrievedOn - Date.now()) < 60_000);
}));

test('two consumer groups read everything, each for itself; one that is not there is refused', async () => {
  await hub.call('PUT', '/gatehouse/v1/consumer-groups/second');
  const clients = [consumer(hub), consumer(hub, { group: 'second' })];
  try {
    const both = await Promise.all(clients.map(client => readDevice(client)));
    for (const { events } of both) assert.deepEqual(events.map(event => Number(event.body)), numbers(0, 20));
  } finally {
    await Promise.all(clients.map(client => client.close()));
  }
  const absent = consumer(hub, { group: 'absent' });
  const error = await receiverError(absent, '0', { offset: '-1' });
  assert.equal(error.code, 'MessagingEntityNotFoundError', error.message);
  await absent.close();
});

test('the deletion of a group ends its readers', async () => {
  await hub.call('PUT', '/gatehouse/v1/consumer-groups/passing');
  const client = consumer(hub, { group: 'passing' });
  const ended = receiverError(client, '0', { offset: '@latest' });
  await sleep(1000);
  await hub.call('DELETE', '/gatehouse/v1/consumer-groups/passing');
  assert.equal((await ended).code, 'MessagingEntityNotFoundError');
  await client.close();
});

test('an owner level takes over, and lower ones are refused', async () => {
  const [low, high, none] = [consumer(hub), consumer(hub), consumer(hub)];
  const lost = receiverError(low, '1', { offset: '@latest' }, { ownerLevel: 1 });
  await sleep(1000);
  const held = receiverError(high, '1', { offset: '@latest' }, { ownerLevel: 2, seconds: 15 });
  assert.equal((await lost).code, 'ReceiverDisconnectedError');
  assert.equal((await receiverError(low, '1', { offset: '@latest' }, { ownerLevel: 1 })).code, 'ReceiverDisconnectedError');
  assert.equal((await receiverError(none, '1', { offset: '@latest' })).code, 'ReceiverDisconnectedError');
  assert.match((await held).message, /events came within/);
  await Promise.all([low, high, none].map(client => client.close()));
});

test('a position behind the end is refused as Event Hubs refuses it', withClient({}, async client => {
  const error = await receiverError(client, '0', { sequenceNumber: 1_000_000 });
  assert.equal(error.code, 'ArgumentError');
  assert.match(error.message, /The supplied sequence number '1000000' is invalid\. The last sequence number in the system is/);
}));

test('a policy without ServiceConnect and a wrong key are refused', async () => {
  await hub.call('PUT', '/gatehouse/v1/policies/reader', { rights: 'RegistryRead' });
  const { primaryKey } = await hub.call('GET', '/gatehouse/v1/policies/reader');
  const wrong = Buffer.alloc(32, 7).toString('base64');
  for (const secret of [{ name: 'reader', key: primaryKey }, { name: eventHub.SharedAccessKeyName, key: wrong }, { name: 'nobody', key: wrong }]) {
    const client = consumer(hub, { secret });
    await assert.rejects(client.getEventHubProperties(), error => /Unauthorized/i.test(`${error.code} ${error.message}`));
    assert.match(`${(await receiverError(client, '0', { offset: '-1' })).code}`, /Unauthorized/);
    await client.close();
  }
});

test('a key that is regenerated while it reads ends the reader', async () => {
  await hub.call('PUT', '/gatehouse/v1/policies/passing', { rights: 'ServiceConnect' });
  const { primaryKey } = await hub.call('GET', '/gatehouse/v1/policies/passing');
  const client = consumer(hub, { secret: { name: 'passing', key: primaryKey } });
  const bystander = consumer(hub);
  const stays = receiverError(bystander, '0', { offset: '@latest' }, { seconds: 6 });
  const ended = receiverError(client, '0', { offset: '@latest' });
  await sleep(1500);
  await hub.call('POST', '/gatehouse/v1/policies/passing/regenerate-key', { key: 'primary' });
  assert.match(`${(await ended).code}`, /Unauthorized/);
  assert.match((await stays).message, /events came within/);
  await Promise.all([client.close(), bystander.close()]);
});

test('a reader goes on from its checkpoint after a restart of the server', { timeout: 300_000 }, async () => {
  // A server of its own that has the root of the running one: the client trusts what NODE_EXTRA_CA_CERTS named when Node started.
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-conformance-'));
  fs.mkdirSync(path.join(data, 'tls'), { mode: 0o700 });
  for (const name of fs.readdirSync(path.dirname(hub.connection.caFile))) fs.copyFileSync(path.join(path.dirname(hub.connection.caFile), name), path.join(data, 'tls', name));
  const ports = ['--mqtt-port', '0', '--https-port', '0', '--amqp-port', '0'];
  let own = await startServer(ports, undefined, data);
  let there = new Hub(own.connection);
  const sender = await there.createDevice();
  await publishNumbers(there, sender, 50);
  let client = consumer(there);
  const { partition, events } = await readDevice(client, sender, 50);
  const checkpoint = events[29].offset;
  await client.close();
  await own.kill();

  own = await startServer(ports, undefined, own.data);
  there = new Hub(own.connection);
  await publishNumbers(there, sender, 50, { from: 50 });
  client = consumer(there);
  const rest = await collect(client, String(partition), { offset: checkpoint }, some => some.length >= 70);
  assert.deepEqual(rest.map(event => Number(event.body)), numbers(30, 100));
  await client.close();
  await own.stop();
});

test('100,000 events come in the order of each device, none missing', { timeout: 600_000 }, async () => {
  const devices = [];
  for (let i = 0; i < 4; i++) devices.push(await hub.createDevice());
  const client = consumer(hub);
  const seen = new Map(devices.map(each => [each.deviceId, []]));
  let count = 0;
  const done = new Promise((resolve, reject) => {
    client.subscribe({
      processEvents: async events => {
        for (const event of events) {
          const list = seen.get(event.partitionKey);
          if (list) { list.push(Number(event.body)); count++; }
        }
        if (count >= 100_000) resolve();
      },
      processError: async error => reject(error),
    }, { startPosition: { offset: '-1' }, maxBatchSize: 500, maxWaitTimeInSeconds: 1 });
  });
  await Promise.all([...devices.map(each => publishNumbers(hub, each, 25_000)), done]);
  for (const [id, list] of seen) assert.deepEqual(list, numbers(0, 25_000), id);
  await client.close();
});

// --- rhea: what SDKs do not do ---

const entity = eventHub.EntityPath;

test('SASL PLAIN on the hub name is redirected, and the redirect can be followed', async () => {
  const connection = await raw({ username: `${hub.policy.SharedAccessKeyName}@sas.root.${hub.host.split('.')[0]}`, password: hub.token() });
  const error = await refused(connection, { source: { address: `amqps://${hub.host}:${hub.connection.ports.amqp}/messages/events/$management` } });
  assert.equal(error.condition, 'amqp:link:redirect');
  assert.equal(error.info.address, `amqps://${hub.host}:${hub.connection.ports.amqp}/${entity}/$management`);
  assert.equal(error.info.hostname, hub.host);
  assert.equal(error.info.port, hub.connection.ports.amqp);
  const receiver = await attached(connection, { source: { address: error.info.address.replace('$management', 'ConsumerGroups/$Default/Partitions/0') }, credit_window: 0 });
  receiver.close();
  connection.close();
});

test('a drain is answered at the end of the partition, and credit is kept to', async () => {
  const connection = await raw();
  const { partition } = await readOnce();
  const receiver = await attached(connection, { source: { address: `${entity}/ConsumerGroups/$Default/Partitions/${partition}`, filter: selector("amqp.annotation.x-opt-offset > '-1'") }, credit_window: 0, autosettle: true });
  const got = [];
  receiver.on('message', context => got.push(context.message));
  receiver.add_credit(3);
  await until('the third', () => got.length === 3);
  await sleep(200);
  assert.equal(got.length, 3, 'no more than the credit');
  const drained = new Promise(done => receiver.once('receiver_drained', done));
  receiver.drain = true;
  receiver.add_credit(1_000_000);
  await drained;
  assert.ok(got.length >= 20);
  assert.equal(receiver.credit, 0, 'all credit was given back');
  assert.equal(got[0].message_annotations['x-opt-offset'], '0');
  connection.close();
});

test('without a filter everything is read; a filter that is not understood is refused with words', async () => {
  const connection = await raw();
  const { partition } = await readOnce();
  const address = `${entity}/ConsumerGroups/$Default/Partitions/${partition}`;
  const receiver = await attached(connection, { source: { address }, credit_window: 10 });
  const first = await new Promise(done => receiver.once('message', context => done(context.message)));
  assert.equal(first.message_annotations['x-opt-sequence-number'], 0);
  receiver.close();
  for (const text of ['1=1', "amqp.annotation.x-opt-offset < '5'", "amqp.annotation.x-opt-offset > '5' OR 1=1", "properties.a > '1'", '']) {
    const error = await refused(connection, { source: { address, filter: selector(text) } });
    assert.equal(error.condition, 'com.microsoft:argument-error', text);
    assert.match(error.description, /selector/);
  }
  for (const each of ['amqp.annotation.x-opt-enqueuedtimeutc > 1', "amqp.annotation.x-opt-enqueued-time >= '1'", 'amqp.annotation.x-opt-offset > 5']) {
    (await attached(connection, { source: { address, filter: selector(each) }, credit_window: 0 })).close();
  }
  connection.close();
});

test('nothing is read and nothing is known before a proof', async () => {
  const connection = await raw({ prove: false });
  for (const address of [`${entity}/ConsumerGroups/$Default/Partitions/0`, 'nowhere/ConsumerGroups/x/Partitions/0', '$management', 'messages/events/$management']) {
    assert.equal((await refused(connection, { source: { address } })).condition, 'amqp:unauthorized-access', address);
  }
  connection.close();
});

function selector(text) {
  return { 'apache.org:selector-filter:string': rhea.types.wrap_described(text, 0x468c00000004) };
}

/** A rhea connection; proved over CBS unless it brings SASL PLAIN or is told not to. */
async function raw({ username, password, prove = !username } = {}) {
  const container = rhea.create_container();
  const connection = container.connect({ host: 'localhost', port: hub.connection.ports.amqp, transport: 'tls', ca: hub.ca, hostname: hub.host, username, password, reconnect: false });
  connection.on('disconnected', () => {});
  connection.on('receiver_error', () => {});
  connection.on('session_error', () => {});
  await new Promise((done, fail) => { connection.once('connection_open', done); connection.once('connection_error', context => fail(context.connection.error)); connection.once('disconnected', context => fail(context.error ?? new Error('disconnected'))); });
  if (prove) {
    const replyTo = unique('cbs');
    const replies = connection.open_receiver({ name: replyTo, source: { address: '$cbs' } });
    const sender = connection.open_sender('$cbs');
    const reply = new Promise(done => replies.once('message', context => done(context.message)));
    await new Promise(done => sender.once('sendable', done));
    const audience = `sb://${hub.host}/${entity}`;
    sender.send({
      message_id: 7, reply_to: replyTo, body: sasToken(audience, eventHub.SharedAccessKey, { policyName: eventHub.SharedAccessKeyName }),
      application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: audience },
    });
    const { application_properties: status, correlation_id: id } = await reply;
    assert.equal(status['status-code'], 200, status['status-description']);
    assert.equal(id, 7);
  }
  return connection;
}

async function attached(connection, options) {
  const receiver = connection.open_receiver(options);
  await new Promise((done, fail) => { receiver.once('receiver_open', done); receiver.once('receiver_error', context => fail(context.receiver.error)); });
  return receiver;
}

async function refused(connection, options) {
  const receiver = connection.open_receiver(options);
  return await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('the receiver was not refused')), 60_000);
    receiver.once('receiver_error', context => { clearTimeout(timer); done(context.receiver.error); });
  });
}

let once;
async function readOnce() {
  return (once ??= await (async () => { const client = consumer(hub); try { return await readDevice(client); } finally { await client.close(); } })());
}

/** The device's events and the partition that holds them. */
async function readDevice(client, from = device, count = 20) {
  const mine = some => some.filter(event => event.partitionKey === from.deviceId).map(event => ({ ...event, body: bodyOf(event) }));
  let partition;
  const events = await collectWithPartition(client, mine, count, id => { partition = id; });
  return { partition, events: mine(events).slice(0, count) };
}

async function collectWithPartition(client, mine, count, found) {
  for (const id of await client.getPartitionIds()) {
    const { isEmpty, lastEnqueuedSequenceNumber: last } = await client.getPartitionProperties(id);
    if (isEmpty) continue;
    const events = await collect(client, id, { offset: '-1' }, some => some.length > last);
    if (mine(events).length >= count) { found(Number(id)); return events; }
  }
  throw new Error('the device\'s events are in no partition');
}

/** Another device whose events go to this partition. */
async function sibling(partition) {
  const client = consumer(hub);
  try {
    for (let i = 0; i < 50; i++) {
      const other = await hub.createDevice();
      await publishNumbers(hub, other, 1);
      if (Number((await readDevice(client, other, 1)).partition) === partition) return other;
    }
  } finally {
    await client.close();
  }
  throw new Error('no device fell into the partition');
}
