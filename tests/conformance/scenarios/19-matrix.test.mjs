// Twins, methods and messages over every transport, with every kind of proof, for devices and modules; and what happens to them when connections break, tokens are renewed and others take over.
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import device from 'azure-iot-device';
import { BackEnd, clientOf, closing, listening, report, transports } from '../lib/device-steps.mjs';
import { make, thumbprint, uploadVerified } from '../lib/certificates.mjs';
import { Hub, unique } from '../lib/hub.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { sleep, until } from '../lib/server.mjs';

const hub = Hub.running();
const back = new BackEnd(hub);
const authority = make('matrix root', { isAuthority: true });
const own = make('any subject');

before(async () => { await uploadVerified(hub, unique('root'), authority); await back.client.open(); });
after(() => closing(back.client));

/** Runs these side by side, as subtests: most of their time is waiting. */
const together = (name, cases) => test(name, { concurrency: true }, async t => { await Promise.all(cases.map(([what, act]) => t.test(what, { timeout: 300_000 }, act))); });

const create = async (kind, more) => {
  const made = await hub.createDevice(unique(), kind === 'device' ? more : {});
  return kind === 'device' ? made : await hub.createModule(made.deviceId, unique('m'), more);
};

/** Each makes an identity and a client of it. */
const proofs = {
  'a SAS key': async (kind, transport) => {
    const identity = await create(kind);
    return [identity, clientOf(hub, identity, transport)];
  },
  'a thumbprint': async (kind, transport) => {
    const identity = await create(kind, { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint(own, 'sha256'), secondaryThumbprint: null } } });
    return [identity, clientOf(hub, identity, transport, { certificate: { cert: own.cert, key: own.key } })];
  },
  'a CA': async (kind, transport) => {
    const identity = await create(kind, { authentication: { type: 'certificateAuthority' } });
    const { cert, key } = make(kind === 'device' ? identity.deviceId : `${identity.deviceId}/${identity.moduleId}`, { issuer: authority });
    return [identity, clientOf(hub, identity, transport, { certificate: { cert, key } })];
  },
};

async function everything(kind, transport, prove) {
  const [identity, client] = await prove(kind, transport);
  await back.update(identity, { tags: { secret: 'not for devices' }, properties: { desired: { interval: 5, old: true } } });
  if (kind === 'device') await back.send(identity, 'early', { correlationId: 'c-1', contentType: 'text/plain' });
  try {
    const heard = await listening(client, { status: 207 });

    const { twin } = heard;
    assert.deepEqual([twin.properties.desired.interval, twin.properties.desired.old, twin.tags], [5, true, undefined]);
    await report(twin, { firmware: '1.2', nested: { ä: [1, 2.50, null] } });
    await report(twin, { firmware: null, level: 9007199254740 });
    const stored = (await back.twin(identity)).properties.reported;
    assert.deepEqual([stored.firmware, stored.level, stored.nested], [undefined, 9007199254740, { ä: [1, 2.5, null] }]);
    await back.update(identity, { properties: { desired: { interval: 6, old: null } } });
    await until('the desired change', () => heard.changes.some(change => change.interval === 6 && change.old === null));
    assert.deepEqual([twin.properties.desired.interval, twin.properties.desired.old], [6, undefined]);

    // The subscription is under way when onDeviceMethod returns.
    const answer = await until('the method', () => back.invoke(identity, 'reboot', { after: 5, text: 'ü' }).catch(() => null));
    assert.deepEqual(answer, { status: 207, payload: { done: { after: 5, text: 'ü' } } });
    assert.deepEqual(heard.calls, [{ after: 5, text: 'ü' }]);
    assert.deepEqual((await back.invoke(identity, 'reboot')).payload, { done: null });

    if (kind === 'device') {
      await until('the early message', () => heard.messages.length === 1);
      const [{ messageId, correlationId, data, properties }] = heard.messages;
      assert.deepEqual([messageId, correlationId, data.toString(), properties.getValue('size+%')], ['early', 'c-1', 'early', 'v=1&2 ü/']);
      await back.send(identity, 'late');
      await until('the late message', () => heard.messages.length === 2);
      await until('the empty queue', async () => (await back.waiting(identity)) === 0);
    }
    assert.deepEqual(heard.problems, []);
  } finally {
    await closing(client);
  }
  await until('the end of the session at the hub', async () => await back.refusal(identity, 'reboot') === 404);
}

together('every feature', Object.entries(transports).flatMap(([name, transport]) => Object.entries(proofs).flatMap(([proof, prove]) => ['device', 'module'].map(kind =>
  [`a ${kind} over ${name} with ${proof}`, () => everything(kind, transport, prove)]))));

/** A client whose connection goes through a proxy. */
async function proxied(identity, name, more = {}) {
  const { ports } = hub.connection;
  const isSecure = name.endsWith('Ws');
  const proxy = await Proxy.open(isSecure ? 443 : name === 'Mqtt' ? ports.mqtt : ports.amqp);
  const client = clientOf(hub, identity, transports[name], isSecure ? {} : { connectionString: `${hub.deviceConnectionString(identity)};GatewayHostName=localhost:${proxy.port}` });
  if (isSecure) {
    // The SDK knows no other port than 443; its agent may.
    const agent = new https.Agent({ keepAlive: false });
    agent.createConnection = options => tls.connect({ ...options, host: 'localhost', port: proxy.port, servername: 'localhost', ca: hub.ca });
    more = { ...more, mqtt: { webSocketAgent: agent }, amqp: { webSocketAgent: agent } };
  }
  await client.setOptions(more);
  return { proxy, client };
}

/** Everything is under way and nothing of it arrives; then the connection ends as `fail` has it, and the SDK makes another. */
async function interrupted(name, fail) {
  const identity = await hub.createDevice();
  const { proxy, client } = await proxied(identity, name, fail === silence ? { keepalive: 2 } : {});
  try {
    const heard = await listening(client, { retries: true });
    await until('the method', () => back.invoke(identity, 'reboot', 1).catch(() => null));
    await back.send(identity, 'before');
    await until('the message', () => heard.messages.length === 1);
    await client.sendEvent(new device.Message('before'));
    const [connections, calls] = [proxy.count, heard.calls.length];
    assert.ok(proxy.pairs.size > 0);

    proxy.swallow();
    const sent = client.sendEvent(new device.Message('middle')).then(() => null, error => error);
    const called = back.refusal(identity, 'reboot', { responseTimeoutInSeconds: 5 });
    report(heard.twin, { middle: true }).catch(() => {});
    await back.update(identity, { properties: { desired: { middle: true } } });
    await back.send(identity, 'middle');
    fail(proxy);

    // The AMQP client gives up a message that it sends while it loses its session.
    const lost = await sent;
    assert.ok(lost === null || name.startsWith('Amqp'), `${lost}`);
    assert.notEqual(await called, 200);
    assert.equal(heard.calls.length, calls);
    await until('the method', () => back.invoke(identity, 'reboot', 2, { connectTimeoutInSeconds: 5, responseTimeoutInSeconds: 5 }).catch(() => null));
    await until('the message in the middle', () => heard.messages.some(message => message.messageId === 'middle'));
    await back.send(identity, 'after');
    await until('the message', () => heard.messages.some(message => message.messageId === 'after'));
    let number = 0;
    await until('a desired change', async () => {
      await back.update(identity, { properties: { desired: { number: ++number } } });
      return heard.changes.some(change => change.number);
    });
    await report(heard.twin, { after: 'the cut' });
    assert.equal((await back.twin(identity)).properties.reported.after, 'the cut');
    await until('a message to the hub', () => client.sendEvent(new device.Message('after')).then(() => true, () => false));
    const texts = (await hub.events(identity.deviceId, lost ? 2 : 3)).map(event => event.bodyText ?? event.body);
    assert.deepEqual([...new Set(texts)], lost ? ['before', 'after'] : ['before', 'middle', 'after']);
    await until('the empty queue', async () => (await back.waiting(identity)) === 0);
    assert.ok(proxy.count > connections);
  } finally {
    await Promise.race([closing(client), sleep(5_000)]); // Of a test that failed, it waits for an answer that the proxy swallows.
    proxy.close();
  }
}

// The Node SDK does not connect again after a reset of plain TCP, an error that it does not know; after the end of the stream it does.
const end = proxy => proxy.cut({ reset: false });
const reset = proxy => proxy.cut();

// Its MQTT clients ask for answers to their pings.
const silence = () => {};

together('a connection that is lost in the middle of every feature is made again by the SDK, and everything goes on', [
  ['Mqtt', 'end of the stream', end], ['Mqtt', 'silence', silence], ['MqttWs', 'reset', reset], ['MqttWs', 'silence', silence], ['Amqp', 'reset', reset], ['Amqp', 'end of the stream', end], ['AmqpWs', 'reset', reset],
].map(([name, what, fail]) => [`${name}, ${what}`, () => interrupted(name, fail)]));

together('a token that is renewed keeps everything, beyond the end of the first', Object.entries(transports).map(([name, transport]) => [name, async () => {
  const identity = await hub.createDevice();
  const provider = device.SharedAccessKeyAuthenticationProvider.fromConnectionString(hub.deviceConnectionString(identity), 5, 3);
  const client = clientOf(hub, identity, transport, { provider });
  let renewals = 0;
  provider.on('newTokenAvailable', () => { renewals++; });
  try {
    const began = Date.now();
    const heard = await listening(client, { retries: true });
    await until('the first token to end', () => renewals >= 2 && Date.now() - began > 6_500);

    // MQTT connects again for each token: a moment without a connection is no failure.
    assert.equal((await until('the method', () => back.invoke(identity, 'reboot', 1, { connectTimeoutInSeconds: 5 }).catch(() => null))).status, 200);
    await back.send(identity, 'after');
    await until('the message', () => heard.messages.length === 1);
    let number = 0;
    await until('a desired change', async () => {
      await back.update(identity, { properties: { desired: { number: ++number } } });
      return heard.changes.length > 0;
    });
    await report(heard.twin, { after: 'renewal' });
    assert.deepEqual(heard.problems.filter(problem => problem instanceof Error), []);
  } finally {
    await closing(client);
  }
}]));

together('a newer connection takes everything over', [['Mqtt', 'Mqtt'], ['Amqp', 'Amqp'], ['AmqpWs', 'Amqp'], ['Mqtt', 'AmqpWs'], ['Amqp', 'MqttWs']].map(([first, second]) => [`${first}, then ${second}`, async () => {
  const identity = await hub.createDevice();
  const [older, newer] = [first, second].map(name => clientOf(hub, identity, transports[name]));
  try {
    await listening(older, { status: 1 });
    await until('the older to be called', async () => (await back.invoke(identity, 'reboot').catch(() => null))?.status === 1);
    const heard = await listening(newer, { status: 2 });
    await until('the newer to be called', async () => (await back.invoke(identity, 'reboot').catch(() => null))?.status === 2);
    await back.update(identity, { properties: { desired: { interval: 1 } } });
    await until('the desired change', () => heard.changes.length === 1);
    assert.equal((await back.invoke(identity, 'reboot')).status, 2);
  } finally {
    await Promise.all([closing(older), closing(newer)]);
  }
}]));

together('what goes wrong is told, and what follows goes well', Object.entries(transports).map(([name, transport]) => [name, async () => {
  const identity = await hub.createDevice();
  const client = clientOf(hub, identity, transport);
  assert.equal(await back.refusal(identity, 'reboot'), 404);
  try {
    const { twin } = await listening(client);
    client.onDeviceMethod('quiet', () => {});
    await until('the method', () => back.invoke(identity, 'reboot').catch(() => null));
    const silence = back.refusal(identity, 'quiet', { responseTimeoutInSeconds: 5 });
    assert.equal((await back.invoke(identity, 'reboot', 'x'.repeat(120 * 1024))).payload.done.length, 120 * 1024);

    const large = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'x'.repeat(4000)]));
    await assert.rejects(report(twin, large));
    await assert.rejects(report(twin, { 'a.b': 1 }));
    await report(twin, { small: true });
    const { reported } = (await back.twin(identity)).properties;
    assert.deepEqual([reported.small, reported.k0], [true, undefined]);
    assert.equal(await silence, 504);
  } finally {
    await closing(client);
  }
}]));

test('a kept MQTT session has its subscriptions when it comes back, and says so', async () => {
  const identity = await hub.createDevice();
  const topics = ['$iothub/methods/POST/#', '$iothub/twin/res/#', '$iothub/twin/PATCH/properties/desired/#', `devices/${identity.deviceId}/messages/devicebound/#`];
  const first = await RawDevice.connect(hub, identity, { clean: false });
  assert.equal(first.connack.sessionPresent, false);
  first.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map(topic => ({ topic, qos: 1 })) });
  assert.deepEqual((await first.next('suback')).granted, [1, 1, 1, 1]);
  first.end();
  await first.untilClosed();
  await back.send(identity, 'meanwhile');

  const again = await RawDevice.connect(hub, identity, { clean: false });
  try {
    assert.equal(again.connack.sessionPresent, true);
    const message = await again.next('publish');
    assert.equal(message.payload.toString(), 'meanwhile');
    again.send({ cmd: 'puback', messageId: message.messageId });
    const call = back.invoke(identity, 'reboot', 5);
    const request = await again.next('publish');
    assert.match(request.topic, /^\$iothub\/methods\/POST\/reboot\/\?\$rid=[^&]+$/);
    again.publish(`$iothub/methods/res/200/?$rid=${request.topic.split('$rid=')[1]}`, '"done"', 1, 0);
    assert.deepEqual(await call, { status: 200, payload: 'done' });
    await back.update(identity, { properties: { desired: { interval: 1 } } });
    assert.deepEqual(JSON.parse((await again.next('publish')).payload.toString()), { interval: 1, $version: 2 });
    again.publish('$iothub/twin/GET/?$rid=7', '', 2, 0);
    assert.equal((await again.next('publish')).topic, '$iothub/twin/res/200/?$rid=7');
  } finally {
    again.end();
  }
});

test('a clean MQTT session keeps nothing and finds nothing', async () => {
  const identity = await hub.createDevice();
  const topic = `devices/${identity.deviceId}/messages/devicebound/#`;
  const kept = await RawDevice.connect(hub, identity, { clean: false });
  kept.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
  await kept.next('suback');
  kept.send({ cmd: 'disconnect' });
  await kept.untilClosed();

  for (const clean of [true, false]) {
    const next = await RawDevice.connect(hub, identity, { clean });
    try {
      assert.equal(next.connack.sessionPresent, false);
      if (clean) await back.send(identity, 'unheard');
      next.send({ cmd: 'pingreq' });
      await next.next('pingresp');
      assert.deepEqual(next.packets, []);
    } finally {
      next.end();
      await next.untilClosed();
    }
  }
  assert.equal(await back.waiting(identity), 1);
});
