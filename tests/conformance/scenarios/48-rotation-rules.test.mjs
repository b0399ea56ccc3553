// Rules of a maximum age: keys of a policy and of a device become too old, get a plan by themselves, and SDK clients that go on sending lose no message. And a plan that begins at a time. Own server, own data.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, sasToken } from '../lib/hub.mjs';
import { Sender } from '../lib/sender.mjs';
import { startServer, until } from '../lib/server.mjs';

const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];

/** A device of the SDK at a server that is not on the SDK's ports, with its root. */
async function client(hub, id, credentials) {
  const provider = credentials.key
    ? device.SharedAccessKeyAuthenticationProvider.fromConnectionString(`HostName=${hub.host};DeviceId=${id};SharedAccessKey=${credentials.key};GatewayHostName=${gateway(hub)}`)
    : new device.SharedAccessSignatureAuthenticationProvider({ host: hub.host, deviceId: id, sharedAccessSignature: credentials.token, gatewayHostName: gateway(hub) });
  const made = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
  await made.setOptions({ ca: hub.ca });
  return made;
}

const gateway = hub => `localhost:${hub.connection.ports.mqtt}`;

async function refused(open) {
  const made = await open();
  made.setRetryPolicy(new common.NoRetry());
  made.on('error', () => {});
  try {
    assert.equal((await failure(made.open())).name, 'UnauthorizedError');
  } finally {
    await made.close().catch(() => {});
  }
}

test('keys that become too old are rotated by themselves while their clients go on sending', { timeout: 480_000 }, async () => {
  const server = await startServer(ports);
  try {
    const hub = new Hub(server.connection);
    const gatehouse = commandLine(server.data);
    const [byPolicy, byKey] = ['rule-policy', 'rule-device'];
    await hub.createDevice(byPolicy);
    const { authentication: { symmetricKey: own } } = await hub.createDevice(byKey);
    await gatehouse('policy', 'create', 'fleet', '--rights', 'DeviceConnect');
    const keys = async () => gatehouse('policy', 'show', 'fleet');
    const first = await keys();
    const openPolicy = key => () => client(hub, byPolicy, { token: sasToken(`${hub.host}/devices/${byPolicy}`, key, { policyName: 'fleet' }) });
    const openKey = key => () => client(hub, byKey, { key });
    const before = [await Sender.start(openPolicy(first.primaryKey)), await Sender.start(openKey(own.primaryKey))];

    for (const kind of ['policy-key', 'device-key']) {
      const rule = await gatehouse('rotation', 'rule', 'set', kind, '--max-age', '60', '--unused-for', '10');
      assert.deepEqual([rule.kind, rule.maxAgeSeconds, rule.overAge], [kind, 60, 0]);
    }
    assert.deepEqual((await gatehouse('rotation', 'list')), []);
    const due = await gatehouse('rotation', 'due', 'device-key');
    assert.deepEqual(due.filter(each => each.subject === byKey).map(each => each.state), ['later']);

    const planOf = async (kind, has) => (await gatehouse('rotation', 'list')).find(each => each.kind === kind && each.isByRule && has(each));
    const show = plan => gatehouse('rotation', 'show', plan);
    const policyPlan = (await until('a plan for the policy', () => planOf('policy-key', each => each.subject === 'fleet'), 150)).id;
    const { plan: devicePlan } = await until('a plan for the device', async () => (await gatehouse('rotation', 'due', 'device-key')).find(each => each.subject === byKey && each.plan), 150);

    // One round of it is enough; plans that were made go on.
    for (const kind of ['policy-key', 'device-key']) await gatehouse('rotation', 'rule', 'remove', kind);
    assert.deepEqual(await gatehouse('rotation', 'rule', 'list'), []);

    await until('the new key of the policy', async () => (await show(policyPlan)).steps[1].state === 'done', 150);
    const second = await keys();
    assert.ok(second.primaryKey === first.primaryKey && second.secondaryKey !== first.secondaryKey);
    const file = path.join(server.data, 'keys.csv');
    const handed = await until('the new key of the device', async () => {
      fs.rmSync(file, { force: true });
      await gatehouse('rotation', 'keys', devicePlan, '--to', file);
      return fs.readFileSync(file, 'utf8').trim().split('\n').map(line => line.split(',')).find(([id]) => id === byKey);
    }, 150);
    assert.equal(handed[1], 'secondary');
    for (const sender of before) {
      await sender.sendsOn();
      await sender.stop();
    }
    const after = [await Sender.start(openPolicy(second.secondaryKey)), await Sender.start(openKey(handed[2]))];
    await until('the end of the policy\'s plan', async () => (await show(policyPlan)).state === 'done', 150);
    await until('the end of the device\'s part', async () => (await hub.send('GET', `/devices/${byKey}?api-version=2021-04-12`)).body.authentication.symmetricKey.primaryKey !== own.primaryKey, 150);

    for (const sender of after) await sender.sendsOn();
    assert.deepEqual([...before, ...after].flatMap(sender => sender.wrong), []);
    for (const sender of after) await sender.stop();
    await refused(openPolicy(first.primaryKey));
    await refused(openKey(own.primaryKey));

    // Also over kill -9 a plan that waits for its time begins by itself.
    const waiting = await gatehouse('rotation', 'plan', 'policy-key', 'registryRead', '--unused-for', '10', '--at', '+20s');
    assert.equal(waiting.state, 'waiting');
    await server.kill();
    const again = await startServer(ports, undefined, server.data);
    try {
      await until('its begin', async () => (await show(waiting.id)).state === 'running', 150);
      const actions = (await gatehouse('audit', 'list', '--all')).filter(each => each.subject === waiting.id).map(each => each.action);
      assert.deepEqual(actions.filter(each => each === 'rotation.begin').length, 1);
    } finally {
      await again.kill();
    }
  } finally {
    await server.stop();
  }
});
