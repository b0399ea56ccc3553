// Messages to devices from azure-iothub over AMQP and AMQP over WebSocket, to devices over every transport that receives them; feedback, purge, expiry, depth, and what happens while a device is away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { sleep, until } from '../lib/server.mjs';
import { inTurn } from '../lib/settling.mjs';

const hub = Hub.running();
const transports = [['Amqp', amqp.Amqp], ['AmqpWs', amqp.AmqpWs], ['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs], ['Http', http.Http]];
const settles = name => !name.startsWith('Mqtt');

/** A message with an id, as back ends make them. */
function message(body, more = {}) {
  const made = new common.Message(body);
  made.messageId = more.messageId ?? `m-${unique()}`;
  Object.assign(made, more);
  return made;
}

/** Sends with a back end's client that is closed afterwards. */
async function sending(act, transport) {
  const client = iothub.Client.fromConnectionString(hub.connectionString, transport);
  await client.open();
  try { return await act(client); } finally { await client.close(); }
}

/** Opens a device that hands every message to `settle`; resolves with the client and what came. */
async function listening(identity, transport, settle) {
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
  client.setRetryPolicy(new common.NoRetry());
  // The SDK asks once a second unless it is told otherwise.
  if (transport === http.Http) await client.setOptions({ http: { receivePolicy: { interval: 0.2, drain: true } } });
  const came = [];
  const turn = inTurn();
  client.on('error', () => {});
  client.on('message', received => { came.push(received); if (settle) turn(() => settle(client, received)); });
  await client.open();
  return { client, came };
}

const complete = (client, received) => client.complete(received, () => {});
const text = received => received.getData().toString();

const countOf = async identity => (await hub.call('GET', `/devices/${encodeURIComponent(identity.deviceId)}?api-version=2021-04-12`)).cloudToDeviceMessageCount;

const feedbackOf = client => new Promise((done, fail) => { client.getFeedbackReceiver((error, receiver) => (error ? fail(error) : done(receiver))); });

/** Feedback on these messages, from a receiver that is open while `act` runs. */
async function feedbackOn(ids, act, transport, seconds = 150) {
  return await sending(async client => {
    const receiver = await feedbackOf(client);
    const records = [];
    receiver.on('message', batch => {
      for (const record of JSON.parse(batch.data.toString())) records.push({ ...record, contentType: batch.contentType });
      receiver.complete(batch, () => {});
    });
    await act(client);
    const missing = () => ids.filter(id => !records.some(record => record.originalMessageId === id));
    await until('feedback', () => missing().length === 0, seconds).catch(error => { throw new Error(`${error.message}: ${records.length} records came, not those of ${missing().join(', ')}`, { cause: error }); });
    return records.filter(record => ids.includes(record.originalMessageId));
  }, transport);
}

for (const [name, transport] of transports) {
  test(`a device over ${name} gets a message with all its properties and completes it`, async () => {
    const identity = await hub.createDevice();
    const { client, came } = await listening(identity, transport, complete);
    // azure-iot-device-http reads every body as text, neither of the content properties, and leaves the prefix on names, which node makes lower-case.
    const isHttp = name === 'Http';
    const body = isHttp ? Buffer.from('größe') : Buffer.from([0, 1, 2, 255]);
    const sent = message(body, { messageId: 'm-1', correlationId: 'c-1', contentType: 'application/octet-stream', contentEncoding: 'gzip', ack: 'none', expiryTimeUtc: Date.now() + 600_000 });
    sent.properties.add('plain', 'value');
    sent.properties.add('Odd.Key_1', 'ü/#+%&= ');

    await sending(back => back.send(identity.deviceId, sent));

    await until('delivery', () => came.length === 1);
    assert.deepEqual(Buffer.from(came[0].getData()), body);
    assert.equal(came[0].messageId, 'm-1');
    assert.equal(came[0].correlationId, 'c-1');
    assert.match(came[0].to, new RegExp(`^/devices/${identity.deviceId}/messages/devicebound$`, 'i'));
    if (!isHttp) assert.deepEqual([came[0].contentType, came[0].contentEncoding], ['application/octet-stream', 'gzip']);
    assert.equal(came[0].properties.getValue(isHttp ? 'iothub-app-plain' : 'plain'), 'value');
    if (!isHttp) assert.equal(came[0].properties.getValue('Odd.Key_1'), 'ü/#+%&= ');
    await until('the queue is empty', async () => await countOf(identity) === 0);
    await client.close();
  });

  test(`messages wait for a device that is away and come in order over ${name}`, async () => {
    const identity = await hub.createDevice();
    await sending(async back => { for (let i = 0; i < 20; i++) await back.send(identity.deviceId, message(String(i))); });
    assert.equal(await countOf(identity), 20);

    const { client, came } = await listening(identity, transport, complete);

    await until('delivery', () => came.length === 20);
    // azure-iot-device-http asks again while it still empties the queue when that takes longer than its interval: two answers may overtake each other on their way.
    const order = came.map(text);
    assert.deepEqual(name === 'Http' ? order.sort((a, b) => a - b) : order, Array.from({ length: 20 }, (_, i) => String(i)));
    await until('the queue is empty', async () => await countOf(identity) === 0);
    await client.close();
  });
}

// One wait for feedback, which is gathered for 15 s, for all of them.
test('what devices make of messages is told to the sender, over every transport', { timeout: 240_000 }, async t => {
  const cases = await Promise.all(transports.map(async ([name, transport]) => {
    const identity = await hub.createDevice();
    const device = await listening(identity, transport, (self, received) => {
      // What a client could not say comes again when its lock has ended, a minute later.
      const said = error => { if (error) t.diagnostic(`${name}, ${text(received)}: ${error}`); };
      if (text(received) === 'bad') self.reject(received, said);
      else if (text(received) === 'never') self.abandon(received, said);
      else self.complete(received, said);
    });
    const said = (body, ack) => message(body, { ack, messageId: `${body}-${name}-${unique()}` });
    const sent = [said('full', 'full'), said('positive', 'positive')];
    if (settles(name)) sent.push(said('bad', 'negative'), said('never', 'full'));
    return { name, identity, ...device, sent, unheard: [said('negative', 'negative'), said('none', 'none')] };
  }));

  const records = await feedbackOn(cases.flatMap(each => each.sent).map(each => each.messageId), async back => {
    for (const { identity, sent, unheard } of cases) for (const each of [...sent, ...unheard]) await back.send(identity.deviceId, each);
  });

  for (const { name, identity, client, came, sent } of cases) {
    const found = sent.map(each => records.find(record => record.originalMessageId === each.messageId));
    assert.deepEqual(found.map(record => record.statusCode), ['Success', 'Success', ...(settles(name) ? ['Rejected', 'DeliveryCountExceeded'] : [])], name);
    for (const record of found) {
      assert.deepEqual([record.deviceId, record.deviceGenerationId, record.contentType], [identity.deviceId, identity.generationId, 'application/vnd.microsoft.iothub.feedback.json'], name);
      assert.ok(Math.abs(Date.parse(record.enqueuedTimeUtc) - Date.now()) < 240_000);
    }
    if (settles(name)) assert.equal(came.filter(received => text(received) === 'never').length, 10, name);
    await until('the queue is empty', async () => await countOf(identity) === 0);
    await client.close();
  }
  assert.equal(records.length, cases.flatMap(each => each.sent).length);
});

// Over HTTPS nobody tells that a device went away: its lock ends after a minute (HttpReceiveTests).
for (const [name, transport] of transports.filter(([each]) => each.startsWith('Amqp'))) {
  test(`what a device held when it went away comes again over ${name}`, async () => {
    const identity = await hub.createDevice();
    await sending(back => back.send(identity.deviceId, message('held')));
    const first = await listening(identity, transport);
    await until('delivery', () => first.came.length === 1);
    await first.client.close();

    const second = await listening(identity, transport, complete);

    await until('redelivery', () => second.came.length === 1);
    assert.equal(second.came[0].messageId, first.came[0].messageId);
    await second.client.close();
  });
}

for (const [name, transport] of [['Amqp', iothub.Amqp], ['AmqpWs', iothub.AmqpWs]]) {
  test(`a back end over ${name} sends, purges and hears of it`, { timeout: 240_000 }, async () => {
    const identity = await hub.createDevice();
    const purged = message('purged', { ack: 'full' });
    const unheard = message('unheard', { ack: 'positive' });

    const records = await feedbackOn([purged.messageId], async back => {
      await back.send(identity.deviceId, purged);
      await back.send(identity.deviceId, unheard);
      const result = await hub.call('DELETE', `/devices/${identity.deviceId}/commands?api-version=2021-04-12`);
      assert.deepEqual(result, { deviceId: identity.deviceId, moduleId: null, totalMessagesPurged: 2 });
    }, transport);

    assert.equal(records[0].statusCode, 'Purged');
    assert.ok(!records.some(record => record.originalMessageId === unheard.messageId));
  });

  test(`refusals over ${name} are those that the SDK knows`, async () => {
    const identity = await hub.createDevice();
    await sending(async back => {
      assert.equal((await failure(back.send(unique('nobody'), message('x')))).name, 'DeviceNotFoundError');
      assert.equal((await failure(back.send(identity.deviceId, message('x', { ack: 'perhaps' })))).name, 'ArgumentError');
      assert.equal((await failure(back.send(identity.deviceId, message(Buffer.alloc(65_537))))).name, 'MessageTooLargeError');
      for (let i = 0; i < 50; i++) await back.send(identity.deviceId, message('x'));
      const full = await failure(back.send(identity.deviceId, message('x')));
      assert.ok(['DeviceMaximumQueueDepthExceededError', 'IotHubQuotaExceededError'].includes(full.name), full.name);
    }, transport);
  });

  test(`a policy without ServiceConnect neither sends nor hears over ${name}`, async () => {
    const identity = await hub.createDevice();
    const policy = await hub.call('GET', '/gatehouse/v1/policies/registryReadWrite');
    const back = iothub.Client.fromConnectionString(`HostName=${hub.host};SharedAccessKeyName=registryReadWrite;SharedAccessKey=${policy.primaryKey}`, transport);

    const error = await failure(back.open().then(() => back.send(identity.deviceId, message('x'))));

    assert.equal(error.name, 'UnauthorizedError');
    assert.equal(await countOf(identity), 0);
    await back.close().catch(() => {});
  });
}

test('a message expires, also while its device is away, and the sender hears of it', { timeout: 240_000 }, async () => {
  const identities = await Promise.all(transports.map(() => hub.createDevice()));
  const late = identities.map(() => message('late', { ack: 'negative', expiryTimeUtc: Date.now() + 1_000 }));

  const records = await feedbackOn(late.map(each => each.messageId), async back => { for (const [i, each] of late.entries()) await back.send(identities[i].deviceId, each); });

  assert.deepEqual(records.map(record => record.statusCode), late.map(() => 'Expired'));
  const devices = await Promise.all(transports.map(([, transport], i) => listening(identities[i], transport, complete)));
  await sending(async back => { for (const { deviceId } of identities) await back.send(deviceId, message('next')); });
  for (const { client, came } of devices) {
    await until('the next message', () => came.length > 0);
    assert.deepEqual(came.map(text), ['next']);
    await client.close();
  }
});

test('MQTT has no way to reject or abandon', async () => {
  const identity = await hub.createDevice();
  const { client, came } = await listening(identity, mqtt.Mqtt);
  await sending(back => back.send(identity.deviceId, message('x')));
  await until('delivery', () => came.length === 1);
  for (const settle of ['reject', 'abandon']) assert.match(String(await failure(new Promise((done, fail) => client[settle](came[0], error => (error ? fail(error) : done()))))), /NotImplemented/);
  await until('the queue is empty', async () => await countOf(identity) === 0);
  await client.close();
});

test('feedback that is abandoned comes again', { timeout: 240_000 }, async () => {
  const identity = await hub.createDevice();
  const sent = message('x', { ack: 'full' });
  await sending(async back => {
    const receiver = await feedbackOf(back);
    let times = 0;
    const twice = new Promise(done => receiver.on('message', batch => {
      const isIt = JSON.parse(batch.data.toString()).some(record => record.originalMessageId === sent.messageId);
      if (isIt && times++ === 0) { receiver.abandon(batch, () => {}); return; }
      receiver.complete(batch, () => {});
      if (isIt) done();
    }));
    await back.send(identity.deviceId, sent);
    await hub.call('DELETE', `/devices/${identity.deviceId}/commands?api-version=2021-04-12`);
    await twice;
    assert.equal(times, 2);
  });
});

test('a deleted and recreated device gets nothing of what was sent to its name', async () => {
  const identity = await hub.createDevice();
  await sending(back => back.send(identity.deviceId, message('old')));
  await hub.call('DELETE', `/devices/${identity.deviceId}?api-version=2021-04-12`, undefined, { 'If-Match': '*' });
  const again = await hub.createDevice(identity.deviceId);
  const { client, came } = await listening(again, amqp.Amqp, complete);
  await sending(back => back.send(identity.deviceId, message('new')));

  await until('delivery', () => came.length > 0);
  await sleep(300);
  assert.deepEqual(came.map(text), ['new']);
  await client.close();
});

for (const id of ["a-b.c+d%e_f#g*h?i!j(k)l,m:n=o@p$q'r", 'a%41', '#']) {
  test(`messages reach the device that is called ${id}`, async () => {
    const identity = await hub.createDevice(`${unique()}${id}`);
    const { client, came } = await listening(identity, amqp.Amqp, complete);
    await sending(back => back.send(identity.deviceId, message('x')));
    await until('delivery', () => came.length === 1);
    await client.close();
  });
}

test('a newer connection takes the messages over', async () => {
  const identity = await hub.createDevice();
  const older = await listening(identity, amqp.Amqp, complete);
  const newer = await listening(identity, amqp.AmqpWs, complete);
  await sleep(300);

  await sending(back => back.send(identity.deviceId, message('x')));

  await until('delivery', () => newer.came.length === 1);
  assert.equal(older.came.length, 0);
  await Promise.all([older.client.close().catch(() => {}), newer.client.close()]);
});
