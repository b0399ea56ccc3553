// Rotation by plan under SDKs that go on sending: the keys of a policy, those of devices with a canary group, and a CA. Nothing that they send is rejected, and no session is dropped, until they move by themselves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import mqtt from 'azure-iot-device-mqtt';
import { folder, make, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { Sender } from '../lib/sender.mjs';
import { until } from '../lib/server.mjs';

const hub = Hub.running();
const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
const protocols = { mqtt: mqtt.Mqtt, amqp: amqp.Amqp };
const stringOf = (id, key) => `HostName=${hub.host};DeviceId=${id};SharedAccessKey=${key}`;
const show = plan => gatehouse('rotation', 'show', plan);
const waitFor = (what, plan, condition) => until(what, async () => { const seen = await show(plan); return condition(seen) && seen; }, 150);

const byKey = (id, key, protocol) => () => device.Client.fromConnectionString(stringOf(id, key), protocols[protocol]);
async function refused(open) {
  const client = open();
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  try {
    assert.equal((await failure(client.open())).name, 'UnauthorizedError');
  } finally {
    await client.close().catch(() => {});
  }
}

test('the keys of a policy: clients move to the other key, and only then the old one goes', { timeout: 300_000 }, async () => {
  const policy = unique('rotating');
  await gatehouse('policy', 'create', policy, '--rights', 'DeviceConnect');
  const keys = async () => { const shown = await gatehouse('policy', 'show', policy); return { primary: shown.primaryKey, secondary: shown.secondaryKey }; };
  const first = await keys();
  const ids = { mqtt: unique('r'), amqp: unique('r') };
  const open = (protocol, key) => () => device.Client.fromSharedAccessSignature(sasToken(`${hub.host}/devices/${ids[protocol]}`, key, { policyName: policy }), protocols[protocol]);
  const before = [];
  for (const protocol of ['mqtt', 'amqp']) {
    await hub.createDevice(ids[protocol]);
    before.push(await Sender.start(open(protocol, first.primary)));
  }

  const { id: plan, firstKey } = await gatehouse('rotation', 'plan', 'policy-key', policy, '--unused-for', '10', '--start');
  assert.equal(firstKey, 'secondaryKey');
  await waitFor('the secondary key', plan, seen => seen.steps[1].state === 'done');
  const second = await keys();
  assert.ok(second.primary === first.primary && second.secondary !== first.secondary);
  const after = [];
  for (const [at, protocol] of ['mqtt', 'amqp'].entries()) {
    await before[at].sendsOn();
    await before[at].stop();
    after.push(await Sender.start(open(protocol, second.secondary)));
  }

  await waitFor('the end', plan, seen => seen.state === 'done');
  for (const sender of after) await sender.sendsOn();
  assert.deepEqual([...before, ...after].flatMap(sender => sender.wrong), []);
  for (const sender of after) await sender.stop();
  await refused(open('mqtt', first.primary));
});

test('the keys of devices: the canary first, each moves when it is told, and nobody is cut off', { timeout: 300_000 }, async () => {
  const made = {};
  for (const [name, protocol] of [['canary', 'mqtt'], ['one', 'mqtt'], ['two', 'amqp']]) {
    const id = unique(name);
    const { authentication: { symmetricKey } } = await hub.createDevice(id);
    made[name] = { id, protocol, old: symmetricKey.primaryKey, sender: await Sender.start(byKey(id, symmetricKey.primaryKey, protocol)) };
  }
  const told = new Promise((done, fail) => made.one.sender.client.getTwin((error, twin) => {
    if (error) fail(error);
    else twin.on('properties.desired.gatehouse.credential', word => { if (word?.slot) done(word); });
  }));
  const all = Object.values(made);
  const { id: plan } = await gatehouse('rotation', 'plan', 'device-key', ...all.flatMap(each => ['--device', each.id]), '--canary-device', made.canary.id, '--unused-for', '10', '--tell', '--start');
  const takeKeys = async () => {
    const file = path.join(folder, `${unique('keys')}.csv`);
    await gatehouse('rotation', 'keys', plan, '--to', file);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const [head, ...lines] = fs.readFileSync(file, 'utf8').trim().split('\n');
    assert.equal(head, 'id,slot,key');
    return Object.fromEntries(lines.map(line => line.split(',')).map(([id, slot, key]) => [id, { slot, key }]));
  };
  const move = async (each, keys) => {
    assert.equal(keys[each.id].slot, 'secondary');
    await each.sender.sendsOn();
    await each.sender.stop();
    each.moved = await Sender.start(byKey(each.id, keys[each.id].key, each.protocol));
  };

  await waitFor('the new key of the canary', plan, seen => seen.canary.renewed === 1);
  const canaryKeys = await takeKeys();
  assert.deepEqual(Object.keys(canaryKeys), [made.canary.id]);
  await move(made.canary, canaryKeys);
  const seen = await waitFor('the others', plan, now => now.progress.renewed === 2);
  assert.equal(seen.canary.done, 1);
  assert.deepEqual(await told, { slot: 'secondary', plan });
  const keys = await takeKeys();
  await move(made.one, keys);
  await move(made.two, keys);
  await waitFor('the end', plan, now => now.state === 'done');

  for (const each of all) await each.moved.sendsOn();
  assert.deepEqual(all.flatMap(each => [...each.sender.wrong, ...each.moved.wrong]), []);
  for (const each of all) {
    await each.moved.stop();
    await refused(byKey(each.id, each.old, each.protocol));
  }
});

test('a CA: the old one goes when its devices come by the new one', { timeout: 300_000 }, async () => {
  const [old, next] = [make(unique('old root'), { isAuthority: true }), make(unique('new root'), { isAuthority: true })];
  const names = [unique('ca-old'), unique('ca-new')];
  await uploadVerified(hub, names[0], old);
  await uploadVerified(hub, names[1], next);
  const id = unique('x');
  await hub.createDevice(id, { authentication: { type: 'certificateAuthority' } });
  const open = certificate => () => {
    const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${id};x509=true`, mqtt.Mqtt);
    client.setOptions({ key: certificate.key, cert: certificate.cert });
    return client;
  };
  const byOld = make(id, { issuer: old });
  const before = await Sender.start(open(byOld));
  const drill = await gatehouse('rotation', 'plan', 'ca', ...names, '--drill');
  assert.deepEqual(drill.laggards.named.map(each => each.identity), [id]);

  const { id: plan } = await gatehouse('rotation', 'plan', 'ca', ...names, '--unused-for', '10', '--start');
  await waitFor('a look', plan, seen => seen.steps[0].live === 1);
  await before.sendsOn();
  await before.stop();
  const after = await Sender.start(open(make(id, { issuer: next })));
  await waitFor('the end', plan, seen => seen.state === 'done');
  await after.sendsOn();
  assert.deepEqual([...before.wrong, ...after.wrong], []);
  await after.stop();
  await refused(open(byOld));
  assert.equal((await hub.send('GET', `/gatehouse/v1/certificates/${names[0]}`)).status, 404);
});
