// The keys of an enrollment group are rotated while its devices, unmodified SDK clients that registered with keys derived from them, are connected to the hub and send.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { make } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { derive, register, serviceClient, withCertificate, withKey } from '../lib/provisioning.mjs';
import { sleep, until } from '../lib/server.mjs';

const hub = Hub.running();
const service = serviceClient(hub);
const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
const keysOf = async group => (await service.getEnrollmentGroupAttestationMechanism(group)).responseBody.symmetricKey;
const show = plan => gatehouse('rotation', 'show', plan.id, '--provisioning');
const usersOf = (group, slot) => gatehouse('credential', 'users', `enrollment-group/${group}/${slot}`);

/** A device that sends for as long as it runs, and keeps count of what went wrong. */
class Sender {
  constructor(id, host) { Object.assign(this, { id, host, sent: 0, rejected: [], dropped: [] }); }

  async start(key) {
    const client = device.Client.fromConnectionString(`HostName=${this.host};DeviceId=${this.id};SharedAccessKey=${key}`, mqtt.Mqtt);
    client.setRetryPolicy(new common.NoRetry());
    client.on('disconnect', why => { if (this.client === client && !this.isStopping) this.dropped.push(String(why?.message ?? why)); });
    await client.open();
    this.isStopping = false;
    this.client = client;
    this.running = this.send();
  }

  async send() {
    while (!this.isStopping) {
      try {
        await this.client.sendEvent(new device.Message('x'));
        this.sent++;
      } catch (error) {
        this.rejected.push(String(error));
        return;
      }
      await sleep(100);
    }
  }

  async stop() {
    this.isStopping = true;
    await this.running;
    await this.client.close().catch(() => {});
  }

  /** What a device does that was given another key: it comes again by it. */
  async move(key) {
    await this.stop();
    await this.start(key);
  }
}

async function groupOf(count) {
  const group = unique('g');
  await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'symmetricKey' } });
  const { primaryKey } = await keysOf(group);
  const senders = [];
  for (let i = 0; i < count; i++) {
    const id = unique('d');
    const result = await register(hub, withKey(id, derive(primaryKey, id)));
    const sender = new Sender(result.deviceId, result.assignedHub);
    await sender.start(derive(primaryKey, id));
    senders.push(sender);
  }
  return { group, primaryKey, senders };
}

/** As the operator hands them out: by registration id. */
async function handedOut(group, slot) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-keys-'));
  const file = path.join(folder, 'keys.csv');
  await gatehouse('enrollment', 'compute-device-keys', group, '--key-type', slot, '--to', file);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trim().split('\n');
  fs.rmSync(folder, { recursive: true });
  assert.equal(head, 'registrationId,key');
  return Object.fromEntries(lines.map(line => line.split(',')));
}

/** The plan has made the new key, and each device has at its hub what comes from it. */
async function renewed(group, plan) {
  await until('the new secondary key', async () => (await show(plan)).steps[1].state === 'done');
  await until('the new key at the hub', async () => (await usersOf(group, 'secondaryKey')).hubs.outdated === 0);
  return (await keysOf(group)).secondaryKey;
}

test('both keys of a group are new, and no device that moved in between had a message rejected or its session dropped', async () => {
  const { group, primaryKey: old, senders } = await groupOf(3);
  try {
    const plan = await gatehouse('rotation', 'plan', 'group-key', group, '--unused-for', '10', '--start');
    assert.deepEqual([plan.firstKey, plan.lastKey], ['secondaryKey', 'primaryKey']);
    const next = await renewed(group, plan);
    const [first, second, last] = senders;
    const keys = await handedOut(group, 'secondary');
    assert.deepEqual(keys, Object.fromEntries(senders.map(each => [each.id, derive(next, each.id)])));
    await first.move(keys[first.id]);
    await second.move(keys[second.id]);
    await until('the last one is named', async () => {
      const users = (await usersOf(group, 'primaryKey')).value.filter(use => use.hub?.isConnected).map(use => use.registrationId);
      return users.length === 1 && users[0] === last.id;
    });
    assert.equal((await show(plan)).state, 'running');
    assert.equal((await keysOf(group)).primaryKey, old);

    // It comes to the service by its new key, too.
    await last.stop();
    const again = await register(hub, withKey(last.id, derive(next, last.id)));
    assert.equal(again.deviceId, last.id);
    await last.start(derive(next, last.id));
    await until('the end of the plan', async () => (await show(plan)).state === 'done');
    await until('what came from the old key is gone from the hub', async () => (await usersOf(group, 'primaryKey')).hubs.outdated === 0);
    const counts = senders.map(each => each.sent);
    await until('all go on sending', async () => senders.every((each, at) => each.sent > counts[at] || each.rejected.length > 0));
    assert.deepEqual(senders.map(each => [each.rejected, each.dropped]), senders.map(() => [[], []]));

    assert.notEqual((await keysOf(group)).primaryKey, old);
    assert.equal((await failure(register(hub, withKey(last.id, derive(old, last.id))))).name, 'UnauthorizedError');
    const stale = new Sender(last.id, last.host);
    assert.equal((await failure(stale.start(derive(old, last.id)))).name, 'UnauthorizedError');
  } finally {
    for (const each of senders) await each.stop();
  }
});

test('who has not moved when the time is over is named before, cut off and refused after; the others notice nothing', async () => {
  const { group, primaryKey: old, senders } = await groupOf(2);
  const [moves, stays] = senders;
  try {
    const plan = await gatehouse('rotation', 'plan', 'group-key', group, '--unused-for', '10', '--at-latest', '10', '--start');
    const next = await renewed(group, plan);
    assert.equal((await show(plan)).state, 'running');
    const named = (await usersOf(group, 'primaryKey')).value.filter(use => use.hub?.isConnected).map(use => use.registrationId);
    assert.deepEqual(named.sort(), [moves.id, stays.id].sort());
    await moves.move(derive(next, moves.id));
    await until('the end of the plan', async () => (await show(plan)).state === 'done');
    await until('the device that stayed is cut off', async () => stays.dropped.length > 0 || stays.rejected.length > 0);
    assert.deepEqual([moves.rejected, moves.dropped], [[], []]);
    const stale = new Sender(stays.id, stays.host);
    assert.equal((await failure(stale.start(derive(old, stays.id)))).name, 'UnauthorizedError');
    assert.equal((await failure(register(hub, withKey(stays.id, derive(old, stays.id))))).name, 'UnauthorizedError');
    await stays.stop();
    await stays.start(derive(next, stays.id));
    const before = stays.sent;
    await until('it sends again', async () => stays.sent > before);
  } finally {
    for (const each of senders) await each.stop();
  }
});

test('the old CA certificate of a group goes when all its devices have come by the new one', async () => {
  const group = unique('g');
  const [old, next] = [make(unique('root'), { isAuthority: true }), make(unique('root'), { isAuthority: true })];
  const signing = { primary: { certificate: old.cert }, secondary: { certificate: next.cert } };
  await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'x509', x509: { signingCertificates: signing } } });
  const ids = [unique('d'), unique('d')];
  const before = ids.map(id => withCertificate(id, make(id, { issuer: old })));
  for (const each of before) await register(hub, each);
  const plan = await gatehouse('rotation', 'plan', 'group-ca', group, '--unused-for', '10', '--start');
  assert.deepEqual([plan.firstKey, plan.lastKey], ['secondaryCertificate', 'primaryCertificate']);
  const after = ids.map(id => withCertificate(id, make(id, { issuer: next })));
  await register(hub, after[0]);
  assert.deepEqual((await usersOf(group, 'primaryCertificate')).value.map(use => use.registrationId).sort(), [...ids].sort());
  await until('it waits for the other one', async () => /1 devices came by the old CA certificate last/.test((await show(plan)).message));
  await register(hub, after[1]);
  await until('the end of the plan', async () => (await show(plan)).state === 'done');
  for (const each of before) assert.equal((await failure(register(hub, each))).name, 'UnauthorizedError');
  for (const each of after) await register(hub, each);
});
