// Devices and modules with SAS keys send over MQTT and MQTT over WebSocket; every message is read back with its properties and stamps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { Hub, unique } from '../lib/hub.mjs';

const hub = Hub.running();

for (const [name, transport] of [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs]]) {
  test(`a device sends over ${name} and every property is read back`, async () => {
    const identity = await hub.createDevice();
    const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
    await client.open();
    const message = new device.Message(JSON.stringify({ temperature: 21.5 }));
    message.messageId = 'm-1';
    message.correlationId = 'c-1';
    message.userId = 'u-1';
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    message.properties.add('plain', 'value');
    message.properties.add('odd key &=?', 'ü/#+%&= ');
    message.properties.add('empty', '');
    const before = Date.now();
    await client.sendEvent(message);
    await client.close();

    const [event] = await hub.events(identity.deviceId, 1);

    assert.deepEqual(event.body, { temperature: 21.5 });
    assert.deepEqual(event.applicationProperties, { plain: 'value', 'odd key &=?': 'ü/#+%&= ', empty: '' });
    assert.equal(event.properties['message-id'], 'm-1');
    assert.equal(event.properties['correlation-id'], 'c-1');
    assert.equal(event.properties['user-id'], 'u-1');
    assert.equal(event.properties['content-type'], 'application/json');
    assert.equal(event.properties['content-encoding'], 'utf-8');
    assert.equal(event.annotations['iothub-connection-device-id'], identity.deviceId);
    assert.equal(event.annotations['iothub-connection-auth-generation-id'], identity.generationId);
    assert.deepEqual(JSON.parse(event.annotations['iothub-connection-auth-method']), { scope: 'device', type: 'sas', issuer: 'iothub', acceptingIpFilterRule: null });
    assert.equal(event.annotations['iothub-message-source'], 'Telemetry');
    assert.equal(event.annotations['x-opt-partition-key'], identity.deviceId);
    assert.equal(typeof event.annotations['x-opt-sequence-number'], 'number');
    const enqueued = Date.parse(event.annotations['iothub-enqueuedtime']);
    assert.ok(enqueued >= before - 1000 && enqueued <= Date.now() + 1000, `enqueued at ${event.annotations['iothub-enqueuedtime']}`);
  });

  test(`a module sends over ${name}, outputs included`, async () => {
    const identity = await hub.createDevice();
    const module = await hub.createModule(identity.deviceId);
    const client = device.ModuleClient.fromConnectionString(hub.deviceConnectionString(module), transport);
    await client.open();
    await client.sendEvent(new device.Message('one'));
    await client.sendOutputEvent('alerts', new device.Message('two'));
    await client.close();

    const events = await hub.events(identity.deviceId, 2);

    assert.deepEqual(events.map(event => event.annotations['iothub-connection-module-id']), [module.moduleId, module.moduleId]);
    assert.deepEqual(events.map(event => event.annotations['iothub-outputname']), [undefined, 'alerts']);
  });

  test(`batches and large messages arrive whole and in order over ${name}`, async () => {
    const identity = await hub.createDevice();
    const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
    await client.open();
    await Promise.all(Array.from({ length: 200 }, (_, i) => client.sendEvent(new device.Message(String(i)))));
    await client.sendEvent(new device.Message(Buffer.alloc(255 * 1024, 0x41)));
    await client.close();

    const events = await hub.events(identity.deviceId, 201);

    const texts = events.map(event => event.bodyText ?? Buffer.from(event.bodyBase64 ?? '', 'base64').toString());
    assert.deepEqual(texts.slice(0, 200), Array.from({ length: 200 }, (_, i) => String(i)));
    assert.equal(texts[200].length, 255 * 1024);
    const numbers = events.map(event => event.annotations['x-opt-sequence-number']);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  });

  test(`a policy key with DeviceConnect lets a device in over ${name}`, async () => {
    const identity = await hub.createDevice();
    const policy = await hub.call('GET', '/gatehouse/v1/policies/device');
    const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};SharedAccessKeyName=device;SharedAccessKey=${policy.primaryKey}`, transport);
    await client.open();
    await client.sendEvent(new device.Message('x'));
    await client.close();

    const [event] = await hub.events(identity.deviceId, 1);

    assert.equal(JSON.parse(event.annotations['iothub-connection-auth-method']).scope, 'hub');
  });
}

test('the secondary key works as the primary does', async () => {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};SharedAccessKey=${identity.authentication.symmetricKey.secondaryKey}`, mqtt.Mqtt);
  await client.open();
  await client.sendEvent(new device.Message('x'));
  await client.close();
  assert.equal((await hub.events(identity.deviceId, 1)).length, 1);
});

test('a security message and a component name keep their system properties', async () => {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), mqtt.Mqtt);
  await client.setOptions({ modelId: 'dtmi:example:Thermostat;1' });
  await client.open();
  const message = new device.Message('{}');
  message.setAsSecurityMessage();
  await client.sendEvent(message);
  await client.close();

  const [event] = await hub.events(identity.deviceId, 1);

  assert.equal(event.properties['iothub-interface-id'] ?? event.annotations['iothub-interface-id'], 'urn:azureiot:Security:SecurityAgent:1');
  assert.equal(event.annotations['dt-dataschema'], 'dtmi:example:Thermostat;1');
});

for (const id of ["a-b.c+d%e_f#g*h?i!j(k)l,m:n=o@p$q'r", 'a%41', '#', '+', '?', '$', 'x'.repeat(128)]) {
  test(`a device may be called ${id.slice(0, 40)}`, async () => {
    const name = id.length >= 100 ? unique().padEnd(128, 'x') : `${unique()}${id}`;
    const identity = await hub.createDevice(name);
    const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), mqtt.Mqtt);
    await client.open();
    await client.sendEvent(new device.Message('x'));
    await client.close();
    assert.equal((await hub.events(name, 1))[0].annotations['iothub-connection-device-id'], name);
  });
}
