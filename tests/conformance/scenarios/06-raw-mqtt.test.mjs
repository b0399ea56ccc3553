// What SDKs do not do: split, oversized, out of order, duplicated, slow, hostile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqttPacket from 'mqtt-packet';
import { Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { sleep } from '../lib/server.mjs';

const hub = Hub.running();
const identity = await hub.createDevice();
const topic = `devices/${identity.deviceId}/messages/events/`;

test('a session split at every byte is understood', async () => {
  const own = await hub.createDevice();
  const raw = await RawDevice.open(hub);
  const bytes = Buffer.concat([
    RawDevice.connectPacket(hub, own),
    mqttPacket.generate({ cmd: 'publish', topic: `devices/${own.deviceId}/messages/events/%24.mid=1&a=b/`, payload: Buffer.from('hello'), qos: 1, messageId: 7 }),
    mqttPacket.generate({ cmd: 'pingreq' }),
  ]);
  raw.socket.setNoDelay(true);
  for (const byte of bytes) {
    raw.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.equal((await raw.next('connack')).returnCode, 0);
  assert.equal((await raw.next('puback')).messageId, 7);
  await raw.next('pingresp');
  raw.end();
  const [event] = await hub.events(own.deviceId, 1);
  assert.equal(event.properties['message-id'], '1');
  assert.deepEqual(event.applicationProperties, { a: 'b' });
});

test('the largest message is taken, one byte more closes', async () => {
  const raw = await RawDevice.connect(hub, identity);
  raw.publish(topic, Buffer.alloc(262_144), 1);
  await raw.next('puback');
  raw.publish(topic, Buffer.alloc(262_145), 2);
  assert.ok(await raw.untilClosed());
});

/** Bytes sent after a good CONNECT; the server must close. */
const closing = {
  'a second CONNECT': () => RawDevice.connectPacket(hub, identity),
  'QoS 2': () => mqttPacket.generate({ cmd: 'publish', topic, payload: 'x', qos: 2, messageId: 1 }),
  'QoS 3': () => Buffer.from([0x36, 4, 0, 1, 97, 0]),
  'packet id 0': () => Buffer.concat([Buffer.from([0x32, topic.length + 4, 0, topic.length]), Buffer.from(topic), Buffer.from([0, 0])]),
  'another device\'s topic': () => mqttPacket.generate({ cmd: 'publish', topic: 'devices/other/messages/events/', payload: 'x', qos: 1, messageId: 1 }),
  'an unknown topic': () => mqttPacket.generate({ cmd: 'publish', topic: 'hello/world', payload: 'x', qos: 1, messageId: 1 }),
  'a subscription to another device': () => mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'devices/other/messages/devicebound/#', qos: 0 }] }),
  'a subscription to everything': () => mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] }),
  'a CONNACK from the client': () => Buffer.from([0x20, 2, 0, 0]),
  'packet type 0': () => Buffer.from([0x00, 0]),
  'packet type 15': () => Buffer.from([0xf0, 0]),
  'a remaining length of five bytes': () => Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]),
  'a packet of 256 MiB announced': () => Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
  'a topic longer than its packet': () => Buffer.from([0x30, 4, 0xff, 0xff, 97, 97]),
  'a topic that is not UTF-8': () => Buffer.from([0x30, 4, 0, 2, 0xff, 0xfe]),
  'SUBSCRIBE without a filter': () => Buffer.from([0x82, 2, 0, 1]),
  'SUBSCRIBE with wrong flags': () => Buffer.from([0x80, 6, 0, 1, 0, 1, 97, 0]),
};

for (const [what, bytes] of Object.entries(closing)) {
  test(`${what} closes the connection`, async () => {
    const raw = await RawDevice.connect(hub, identity);
    assert.equal(raw.connack.returnCode, 0);
    raw.write(bytes());
    assert.ok(await raw.untilClosed());
  });
}

/** First bytes on a fresh connection; the server must close without a good CONNACK. */
const opening = {
  'PUBLISH before CONNECT': () => mqttPacket.generate({ cmd: 'publish', topic, payload: 'x', qos: 0 }),
  'PINGREQ before CONNECT': () => Buffer.from([0xc0, 0]),
  'HTTP': () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  'zeros': () => Buffer.alloc(100),
  'another protocol name': () => RawDevice.connectPacket(hub, identity, { protocolId: 'MQIsdp', protocolVersion: 3 }),
  'another host in the user name': () => RawDevice.connectPacket(hub, identity, { username: `other.example/${identity.deviceId}/?api-version=2021-04-12` }),
  'another client id than in the user name': () => RawDevice.connectPacket(hub, identity, { clientId: 'other' }),
  'no user name': () => RawDevice.connectPacket(hub, identity, { username: undefined, password: undefined }),
  'a will for another device': () => RawDevice.connectPacket(hub, identity, { will: { topic: 'devices/other/messages/events/', payload: Buffer.from('x'), qos: 0, retain: false } }),
  'a CONNECT of 40,000 bytes': () => RawDevice.connectPacket(hub, identity, { password: Buffer.alloc(40_000, 97) }),
};

for (const [what, bytes] of Object.entries(opening)) {
  test(`${what} does not get in`, async () => {
    const raw = await RawDevice.open(hub);
    raw.write(bytes());
    assert.ok(await raw.untilClosed(), 'closed');
    assert.ok(!raw.packets.some(packet => packet.cmd === 'connack' && packet.returnCode === 0));
  });
}

test('MQTT 5 is answered with "unacceptable protocol version" and closed', async () => {
  const raw = await RawDevice.open(hub);
  let bytes = Buffer.alloc(0);
  raw.socket.removeAllListeners('data').on('data', part => { bytes = Buffer.concat([bytes, part]); });
  raw.write(mqttPacket.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: identity.deviceId, keepalive: 60 }));
  assert.ok(await raw.untilClosed());
  assert.ok(bytes[0] === 0x20 && (bytes[3] === 0x84 || bytes[3] === 0x01), bytes.toString('hex'));
});

test('duplicates are stored and acknowledged: the hub does not remember packet ids', async () => {
  const own = await hub.createDevice();
  const raw = await RawDevice.connect(hub, own);
  for (const dup of [false, true]) raw.send({ cmd: 'publish', topic: `devices/${own.deviceId}/messages/events/`, payload: 'x', qos: 1, messageId: 9, dup });
  assert.equal((await raw.next('puback')).messageId, 9);
  assert.equal((await raw.next('puback')).messageId, 9);
  raw.end();
  assert.equal((await hub.events(own.deviceId, 2)).length, 2);
});

test('retain is noted as a property and not kept', async () => {
  const own = await hub.createDevice();
  const raw = await RawDevice.connect(hub, own);
  raw.send({ cmd: 'publish', topic: `devices/${own.deviceId}/messages/events/`, payload: 'x', qos: 1, messageId: 1, retain: true });
  await raw.next('puback');
  raw.end();
  assert.equal((await hub.events(own.deviceId, 1))[0].applicationProperties['mqtt-retain'], 'true');
});

test('QoS 0 is stored too', async () => {
  const own = await hub.createDevice();
  const raw = await RawDevice.connect(hub, own);
  raw.publish(`devices/${own.deviceId}/messages/events/`, 'x', undefined, 0);
  assert.equal((await hub.events(own.deviceId, 1)).length, 1);
  raw.end();
});

test('every way to write a property bag is read alike', async () => {
  const own = await hub.createDevice();
  const raw = await RawDevice.connect(hub, own);
  const bags = ['%24.mid=1&a=b', '$.mid=1&a=b', '?%24.mid=1&a=b', '%24.mid=1&a=b/', '%24%2Emid=1&%61=%62', 'a=b&%24.mid=1'];
  for (const [index, bag] of bags.entries()) raw.publish(`devices/${own.deviceId}/messages/events/${bag}`, 'x', index + 1);
  for (let i = 0; i < bags.length; i++) await raw.next('puback');
  raw.end();
  for (const event of await hub.events(own.deviceId, bags.length)) {
    assert.equal(event.properties['message-id'], '1');
    assert.deepEqual(event.applicationProperties, { a: 'b' });
  }
});

test('a device that stops reading its acknowledgements harms nobody', async () => {
  const own = await hub.createDevice();
  const slow = await RawDevice.connect(hub, own);
  slow.socket.pause();
  const packet = mqttPacket.generate({ cmd: 'publish', topic: `devices/${own.deviceId}/messages/events/`, payload: 'x', qos: 1, messageId: 1 });
  const burst = Buffer.concat(Array.from({ length: 2000 }, () => packet));
  for (let i = 0; i < 20; i++) slow.write(burst);
  const other = await RawDevice.connect(hub, identity);
  other.publish(topic, 'x');
  await other.next('puback');
  slow.end();
  other.end();
});

test('a keep-alive that is missed closes the connection', async () => {
  const raw = await RawDevice.connect(hub, identity, { keepalive: 3 });
  await sleep(900);
  assert.equal(raw.closed, false);
  assert.ok(await raw.untilClosed());
});
