// What a connection lives through: renewal without re-subscribing, displacement, revocation, keys rolled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { Hub, unique } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { sleep } from '../lib/server.mjs';

const hub = Hub.running();

test('the SDK renews its token, reconnects and goes on sending', async () => {
  const identity = await hub.createDevice();
  const provider = device.SharedAccessKeyAuthenticationProvider.fromConnectionString(hub.deviceConnectionString(identity), 4, 2);
  const client = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
  const problems = [];
  client.on('error', error => problems.push(error));
  client.on('disconnect', error => problems.push(error ?? 'disconnect'));
  await client.open();
  for (let i = 0; i < 24; i++) {
    await client.sendEvent(new device.Message(String(i)));
    await sleep(250);
  }
  await client.close();
  assert.equal((await hub.events(identity.deviceId, 24)).length, 24);
  assert.deepEqual(problems.filter(problem => problem instanceof Error), []);
});

test('session present is truthful', async () => {
  const identity = await hub.createDevice();
  const flags = [];
  const connect = async clean => {
    const raw = await RawDevice.connect(hub, identity, { clean });
    flags.push(raw.connack.sessionPresent);
    return raw;
  };
  let raw = await connect(false);
  raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `devices/${identity.deviceId}/messages/devicebound/#`, qos: 1 }] });
  assert.deepEqual((await raw.next('suback')).granted, [1]);
  raw.send({ cmd: 'disconnect' });
  await raw.untilClosed();
  raw = await connect(false);
  raw.end();
  raw = await connect(true);
  raw.end();
  raw = await connect(false);
  raw.end();
  assert.deepEqual(flags, [false, true, false, false]);
});

test('a newer connection takes over', async () => {
  const identity = await hub.createDevice();
  const first = await RawDevice.connect(hub, identity);
  const second = await RawDevice.connect(hub, identity);
  assert.equal(second.connack.returnCode, 0);
  assert.ok(await first.untilClosed(), 'the older connection is closed');
  second.publish(`devices/${identity.deviceId}/messages/events/`, 'x');
  await second.next('puback');
  second.end();
});

test('a refused newcomer does not disturb the older connection', async () => {
  const identity = await hub.createDevice();
  const first = await RawDevice.connect(hub, identity);
  const stranger = await RawDevice.connect(hub, { ...identity, authentication: { symmetricKey: { primaryKey: Buffer.alloc(32, 1).toString('base64') } } });
  assert.equal(stranger.connack.returnCode, 5);
  first.publish(`devices/${identity.deviceId}/messages/events/`, 'x');
  await first.next('puback');
  first.end();
});

for (const [what, change] of [
  ['disabling the device', async identity => await hub.call('PUT', `/devices/${identity.deviceId}?api-version=2021-04-12`, { ...identity, status: 'disabled' }, { 'If-Match': '"*"' })],
  ['deleting the device', async identity => await hub.call('DELETE', `/devices/${identity.deviceId}?api-version=2021-04-12`, undefined, { 'If-Match': '*' })],
  ['changing both keys', async identity => await hub.call('PUT', `/devices/${identity.deviceId}?api-version=2021-04-12`,
    { ...identity, authentication: { type: 'sas', symmetricKey: { primaryKey: Buffer.alloc(32, 1).toString('base64'), secondaryKey: Buffer.alloc(32, 2).toString('base64') } } }, { 'If-Match': '"*"' })],
]) {
  test(`${what} closes the live connection`, async () => {
    const identity = await hub.createDevice();
    const raw = await RawDevice.connect(hub, identity);
    await change(identity);
    assert.ok(await raw.untilClosed(), 'closed');
    const again = await RawDevice.connect(hub, identity).catch(error => error);
    assert.equal(again.connack?.returnCode, 5);
  });
}

test('swapping the keys leaves a device that holds either connected or lets it back in', async () => {
  const identity = await hub.createDevice();
  const { primaryKey, secondaryKey } = identity.authentication.symmetricKey;
  await hub.call('PUT', `/devices/${identity.deviceId}?api-version=2021-04-12`, { ...identity, authentication: { type: 'sas', symmetricKey: { primaryKey: secondaryKey, secondaryKey: primaryKey } } }, { 'If-Match': '"*"' });
  const raw = await RawDevice.connect(hub, identity);
  assert.equal(raw.connack.returnCode, 0);
  raw.end();
});

test('a will becomes telemetry when the connection is lost, and not after DISCONNECT', async () => {
  const identity = await hub.createDevice(unique());
  const will = { topic: `devices/${identity.deviceId}/messages/events/`, payload: Buffer.from('gone'), qos: 1, retain: false };
  const orderly = await RawDevice.connect(hub, identity, { will });
  orderly.send({ cmd: 'disconnect' });
  await orderly.untilClosed();
  const lost = await RawDevice.connect(hub, identity, { will });
  lost.end();
  const events = await hub.events(identity.deviceId, 1);
  assert.equal(events[0].applicationProperties['iothub-MessageType'], 'Will');
});

test('connection state follows the connection', async () => {
  const identity = await hub.createDevice();
  const state = async () => (await hub.call('GET', `/devices/${identity.deviceId}?api-version=2021-04-12`)).connectionState;
  assert.equal(await state(), 'Disconnected');
  const raw = await RawDevice.connect(hub, identity);
  assert.equal(await state(), 'Connected');
  raw.send({ cmd: 'disconnect' });
  await raw.untilClosed();
  assert.equal(await state(), 'Disconnected');
});
