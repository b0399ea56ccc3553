// What a hub sends to devices and modules over MQTT and MQTT over WebSocket: methods, twins, messages; with azure-iothub on the other side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';
import { Hub } from '../lib/hub.mjs';
import { sleep } from '../lib/server.mjs';

const hub = Hub.running();
const service = iothub.Client.fromConnectionString(hub.connectionString);
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const transports = [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs]];

async function until(what, condition, seconds = 20) {
  for (let tries = 0; tries < seconds * 40; tries++) {
    const value = await condition();
    if (value) return value;
    await sleep(25);
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

async function opened(identity, transport, act) {
  const Client = identity.moduleId ? device.ModuleClient : device.Client;
  const client = Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  await client.open();
  try { return await act(client); } finally { await client.close(); }
}

const invoke = async (identity, call) => (identity.moduleId
  ? await service.invokeDeviceMethod(identity.deviceId, identity.moduleId, call)
  : await service.invokeDeviceMethod(identity.deviceId, call)).result;
const update = async (identity, patch) => (identity.moduleId
  ? await registry.updateModuleTwin(identity.deviceId, identity.moduleId, patch, '*')
  : await registry.updateTwin(identity.deviceId, patch, '*')).responseBody;
const read = async identity => (identity.moduleId ? await registry.getModuleTwin(identity.deviceId, identity.moduleId) : await registry.getTwin(identity.deviceId)).responseBody;
const report = (twin, patch) => new Promise((done, fail) => { twin.properties.reported.update(patch, error => (error ? fail(error) : done())); });
const serve = (client, name, handler) => (client.onDeviceMethod ?? client.onMethod).call(client, name, handler);

for (const [name, transport] of transports) {
  for (const kind of ['device', 'module']) {
    const make = async () => {
      const made = await hub.createDevice();
      return kind === 'device' ? made : await hub.createModule(made.deviceId);
    };

    test(`a ${kind} over ${name} answers methods with its own status and payload`, async () => {
      const identity = await make();
      await opened(identity, transport, async client => {
        const seen = [];
        serve(client, 'reboot', (request, response) => { seen.push(request.payload); response.send(207, { done: request.payload.after }, () => {}); });
        serve(client, 'quiet', () => {});

        // The subscription is under way when onDeviceMethod returns.
        const answer = await until('the method', async () => invoke(identity, { methodName: 'reboot', payload: { after: 5 }, responseTimeoutInSeconds: 10 }).catch(() => null));
        assert.deepEqual(answer, { status: 207, payload: { done: 5 } });
        assert.deepEqual(seen.at(-1), { after: 5 });
        await assert.rejects(invoke(identity, { methodName: 'quiet', payload: null, responseTimeoutInSeconds: 5 }), error => error.response?.statusCode === 504);
      });
      await assert.rejects(invoke(identity, { methodName: 'reboot', payload: null, responseTimeoutInSeconds: 5 }), error => error.response?.statusCode === 404);
    });

    test(`a ${kind} over ${name} reads and reports its twin and hears of desired properties`, async () => {
      const identity = await make();
      await update(identity, { tags: { secret: 'not for devices' }, properties: { desired: { interval: 5, old: true } } });
      await opened(identity, transport, async client => {
        const twin = await client.getTwin();
        assert.deepEqual([twin.properties.desired.interval, twin.properties.desired.old, twin.tags], [5, true, undefined]);
        const changes = [];
        twin.on('properties.desired', change => changes.push(change));
        await report(twin, { firmware: '1.2', nested: { ä: [1, 2.50, null] } });
        await report(twin, { firmware: null, level: 9007199254740 });
        const stored = (await read(identity)).properties.reported;
        assert.deepEqual([stored.firmware, stored.level, stored.nested], [undefined, 9007199254740, { ä: [1, 2.5, null] }]);
        await update(identity, { properties: { desired: { interval: 6, old: null } } });
        await until('the desired change', () => changes.some(change => change.interval === 6 && change.old === null));
        assert.deepEqual([twin.properties.desired.interval, twin.properties.desired.old], [6, undefined]);
        await assert.rejects(report(twin, { 'a.b': 1 }), /key holds/);
      });

      await update(identity, { properties: { desired: { interval: 7 } } });
      await opened(identity, transport, async client => assert.equal((await client.getTwin()).properties.desired.interval, 7));
    });
  }

  test(`a device over ${name} gets its messages, also those that were sent while it was away`, async () => {
    const identity = await hub.createDevice();
    await service.open();
    const send = async (body, more = {}) => {
      const message = Object.assign(new common.Message(body), { messageId: body, ...more });
      message.properties.add('size+%', 'v=1&2 ü/');
      await service.send(identity.deviceId, message);
    };
    await send('early', { correlationId: 'c-1', contentType: 'text/plain' });
    await opened(identity, transport, async client => {
      const came = [];
      client.on('message', message => { came.push(message); client.complete(message, () => {}); });
      await until('the early message', () => came.length === 1);
      assert.deepEqual([came[0].messageId, came[0].correlationId, came[0].data.toString(), came[0].properties.getValue('size+%')], ['early', 'c-1', 'early', 'v=1&2 ü/']);
      await send('late');
      await until('the late message', () => came.length === 2);
    });
    const count = async () => (await hub.call('GET', `/devices/${encodeURIComponent(identity.deviceId)}?api-version=2021-04-12`)).cloudToDeviceMessageCount;
    await until('the empty queue', async () => (await count()) === 0);
    await service.close();
  });
}
