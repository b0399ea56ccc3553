// Each refusal: what the SDK sees, and the one record that tells the operator why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';

const hub = Hub.running();
const someKey = Buffer.alloc(32, 7).toString('base64');
const now = () => Math.floor(Date.now() / 1000);

/** [what, connection string or SAS text, id that the refusal is filed under, reason] */
const cases = {
  'a wrong key': async () => { const d = await hub.createDevice(); return [`HostName=${hub.host};DeviceId=${d.deviceId};SharedAccessKey=${someKey}`, d.deviceId, 'TokenSignatureWrong']; },
  'an unknown device': async () => { const id = unique('unknown'); return [`HostName=${hub.host};DeviceId=${id};SharedAccessKey=${someKey}`, id, 'UnknownIdentity']; },
  'a disabled device': async () => { const d = await hub.createDevice(unique(), { status: 'disabled' }); return [hub.deviceConnectionString(d), d.deviceId, 'IdentityDisabled']; },
  'an unknown policy': async () => { const d = await hub.createDevice(); return [`HostName=${hub.host};DeviceId=${d.deviceId};SharedAccessKeyName=nobody;SharedAccessKey=${someKey}`, d.deviceId, 'PolicyUnknown']; },
  'a policy without DeviceConnect': async () => {
    const d = await hub.createDevice();
    const policy = await hub.call('GET', '/gatehouse/v1/policies/registryRead');
    return [`HostName=${hub.host};DeviceId=${d.deviceId};SharedAccessKeyName=registryRead;SharedAccessKey=${policy.primaryKey}`, d.deviceId, 'PolicyLacksRight'];
  },
};

for (const [what, prepare] of Object.entries(cases)) {
  for (const [name, transport] of [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs]]) {
    test(`${what} is refused over ${name} and the record says why`, async () => {
      const [connectionString, id, reason] = await prepare();
      const error = await failure(device.Client.fromConnectionString(connectionString, transport).open());
      assert.equal(error.name, 'UnauthorizedError');
      const refusal = await hub.refusal(id);
      assert.equal(refusal.reason, reason);
      assert.ok(refusal.detail.length > 20, refusal.detail);
    });
  }
}

async function refusedToken(identity, token, reason) {
  const raw = await RawDevice.connect(hub, identity, { password: Buffer.from(token) });
  assert.equal(raw.connack.returnCode, 5);
  assert.ok(await raw.untilClosed(), 'closed after the refusal');
  const refusal = await hub.refusal(identity.deviceId);
  assert.equal(refusal.reason, reason);
  return refusal;
}

const keyOf = identity => identity.authentication.symmetricKey.primaryKey;

test('an expired token is refused, and the record names the skew', async () => {
  const identity = await hub.createDevice();
  const refusal = await refusedToken(identity, sasToken(`${hub.host}/devices/${identity.deviceId}`, keyOf(identity), { expiry: now() - 4000 }), 'TokenExpired');
  assert.match(refusal.detail, /\d+ s/);
});

test('a clock that is behind by less than five minutes is forgiven', async () => {
  const identity = await hub.createDevice();
  const raw = await RawDevice.connect(hub, identity, { password: Buffer.from(sasToken(`${hub.host}/devices/${identity.deviceId}`, keyOf(identity), { expiry: now() - 200 })) });
  assert.equal(raw.connack.returnCode, 0);
  raw.end();
});

test('a token for another device is refused', async () => {
  const identity = await hub.createDevice();
  await refusedToken(identity, sasToken(`${hub.host}/devices/other`, keyOf(identity)), 'TokenScopeWrong');
});

test('a token whose scope is a prefix by letters, not by segments, is refused', async () => {
  const identity = await hub.createDevice();
  await refusedToken(identity, sasToken(`${hub.host}/devices/${identity.deviceId.slice(0, -1)}`, keyOf(identity)), 'TokenScopeWrong');
});

test('a token for another hub is refused', async () => {
  const identity = await hub.createDevice();
  await refusedToken(identity, sasToken(`other.example/devices/${identity.deviceId}`, keyOf(identity)), 'TokenScopeWrong');
});

test('the key of a device does not open its module', async () => {
  const identity = await hub.createDevice();
  const module = await hub.createModule(identity.deviceId);
  const raw = await RawDevice.connect(hub, { ...module, authentication: identity.authentication });
  assert.equal(raw.connack.returnCode, 5);
});

for (const token of ['', 'x', 'SharedAccessSignature', 'SharedAccessSignature sr=a', 'SharedAccessSignature sr=a&sig=b&se=c', `SharedAccessSignature sr=a&sr=b&sig=c&se=1`, 'x'.repeat(60_000)]) {
  test(`the password '${token.slice(0, 40)}' (${token.length} characters) is refused`, async () => {
    const identity = await hub.createDevice();
    const raw = await RawDevice.open(hub);
    raw.write(RawDevice.connectPacket(hub, identity, { password: Buffer.from(token) }));
    const connack = await raw.next('connack').catch(() => undefined);
    assert.ok(connack === undefined || connack.returnCode === 5);
    assert.ok(await raw.untilClosed(), 'closed');
  });
}

test('each refusal is also in the audit chain, which verifies', async () => {
  const id = unique('audited');
  await failure(device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${id};SharedAccessKey=${someKey}`, mqtt.Mqtt).open());
  await hub.refusal(id);
  const records = await allRecords();
  assert.equal(records.filter(record => record.action === 'connect.refused' && record.subject === id).length, 1);
  const verified = await hub.call('GET', '/gatehouse/v1/audit/verify');
  assert.equal(verified.isIntact, true, JSON.stringify(verified));
});

async function allRecords() {
  const records = [];
  for (let after = 0; ;) {
    const { value } = await hub.call('GET', `/gatehouse/v1/audit?after=${after}&max=1000`);
    if (value.length === 0) return records;
    records.push(...value);
    after = value.at(-1).sequence;
  }
}
