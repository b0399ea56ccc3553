// Unmodified clients live through the faults that their own end-to-end tests order: connections, sessions and links cut, messages refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import { failure, Hub } from '../lib/hub.mjs';
import { sleep } from '../lib/server.mjs';

const hub = Hub.running();

function order(type, delay = 0.2, duration = 1) {
  const message = new device.Message('');
  message.properties.add('AzIoTHub_FaultOperationType', type);
  message.properties.add('AzIoTHub_FaultOperationCloseReason', `ordered ${type}`);
  message.properties.add('AzIoTHub_FaultOperationDelayInSecs', String(delay));
  message.properties.add('AzIoTHub_FaultOperationDurationInSecs', String(duration));
  return message;
}

async function connected(transport, act, retry) {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
  if (retry) client.setRetryPolicy(retry);
  try {
    await client.open();
    await act(client, identity);
  } finally {
    await client.close().catch(() => {});
  }
}

/** The AMQP client gives up a message that it sends while it loses its session; an application sends it again. */
async function sendAgain(client, text) {
  for (let tries = 1; ; tries++) {
    try { return await client.sendEvent(new device.Message(text)); } catch (error) { if (tries === 5) throw error; }
    await sleep(200);
  }
}

const next = (client, name, seconds = 90) => new Promise((done, fail) => {
  const timer = setTimeout(() => fail(new Error(`no ${name} within ${seconds} s`)), seconds * 1000);
  client.once(name, value => { clearTimeout(timer); done(value); });
});

for (const [name, transport, types] of [
  ['Mqtt', mqtt.Mqtt, ['KillTcp', 'ShutDownMqtt']],
  ['MqttWs', mqtt.MqttWs, ['KillTcp']],
  ['Amqp', amqp.Amqp, ['KillTcp']],
  ['AmqpWs', amqp.AmqpWs, ['KillTcp']],
]) {
  test(`a client over ${name} recovers from ${types.join(', ')} and still sends and receives`, async () => {
    await Promise.all(types.map(type => connected(transport, async (client, identity) => {
      const message = next(client, 'message');
      message.catch(() => {});
      await client.sendEvent(new device.Message('before'));
      const cut = next(client._transport, 'disconnect');
      await client.sendEvent(order(type));
      assert.ok(await cut, `${type} cut nothing`);
      await sendAgain(client, 'after');
      await hub.call('POST', `/devices/${identity.deviceId}/messages/deviceBound?api-version=2021-04-12`, 'to the device', { 'Content-Type': 'text/plain' });
      // Not completed: the AMQP client may be between two links of its own still, and then says that it has none.
      assert.equal((await message).getData().toString(), 'to the device', type);
      assert.deepEqual((await hub.events(identity.deviceId, 2)).map(event => event.bodyText ?? event.body), ['before', 'after'], type);
    })));
  });
}

// The HTTPS client has no error of its own for 429.
for (const [type, name, httpName, status] of [
  ['InvokeThrottling', 'ThrottlingError', 'Error', 429],
  ['InvokeMaxMessageQuota', 'IotHubQuotaExceededError', 'IotHubQuotaExceededError', 403],
  ['InvokeAuthError', 'UnauthorizedError', 'UnauthorizedError', 401],
]) {
  test(`${type} refuses messages over Amqp and Http, and for the duration only`, async () => {
    const after = async (client, identity) => {
      await sleep(5_100);
      await client.sendEvent(new device.Message('after'));
      assert.deepEqual((await hub.events(identity.deviceId, 1)).map(event => event.bodyText ?? event.body), ['after']);
    };
    await Promise.all([
      connected(amqp.Amqp, async (client, identity) => {
        await client.sendEvent(order(type, 0, 5));
        assert.equal((await failure(client.sendEvent(new device.Message('refused')))).name, name);
        await after(client, identity);
      }, new common.NoRetry()),
      connected(http.Http, async (client, identity) => {
        const ordered = await failure(client.sendEvent(order(type, 0, 5)));
        assert.deepEqual([ordered.name, ordered.response?.statusCode], [httpName, status]);
        const refused = await failure(client.sendEvent(new device.Message('refused')));
        assert.deepEqual([refused.name, refused.response?.statusCode], [httpName, status]);
        await after(client, identity);
      }, new common.NoRetry()),
    ]);
  });
}

test('a throttled client that retries comes through', async () => {
  await connected(amqp.Amqp, async (client, identity) => {
    await client.sendEvent(order('InvokeThrottling', 0, 1));
    await client.sendEvent(new device.Message('in the end'));
    assert.equal((await hub.events(identity.deviceId, 1)).length, 1);
  });
});
