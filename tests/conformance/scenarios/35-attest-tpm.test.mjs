// A Linux device with a TPM and no SDK: `gatehouse attest tpm` registers it, and clients connect with the tokens that its TPM signs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import deviceAmqp from 'azure-iot-device-amqp';
import deviceMqtt from 'azure-iot-device-mqtt';
import security from 'azure-iot-security-tpm';
import { onDevice } from '../lib/cli.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { callService, serviceClient } from '../lib/provisioning.mjs';
import { SoftTpm } from '../lib/tpm.mjs';

const hub = Hub.running();
const service = serviceClient(hub);
const attest = (verb, tpm, ...more) => onDevice('attest', 'tpm', verb, '--tpm', tpm.address, ...more);
const registerAt = ['--host', hub.connection.dps.hostName, '--id-scope', hub.connection.dps.idScope, '--ca-file', hub.connection.caFile];

async function sendBy(client, id, count) {
  try {
    await client.open();
    await client.sendEvent(new device.Message('by tpm'));
  } finally {
    await client.close();
  }
  assert.equal((await hub.events(id, count)).length, count);
}

for (const [algorithm, Transport] of [['rsa', deviceMqtt.Mqtt], ['ecc', deviceAmqp.Amqp]]) {
  test(`a TPM with ${algorithm} keys registers by command; clients send with its tokens`, async () => {
    const tpm = await SoftTpm.startAlone();
    try {
      const shown = await attest('show', tpm, '--algorithm', algorithm);
      const id = unique('attested');
      await service.createOrUpdateIndividualEnrollment({ registrationId: shown.registrationId, deviceId: id, attestation: { type: 'tpm', tpm: { endorsementKey: shown.endorsementKey } } });
      const facts = await attest('register', tpm, ...registerAt, '--algorithm', algorithm, '--token');
      assert.deepEqual([facts.deviceId, facts.assignedHub, facts.registrationId], [id, hub.host, shown.registrationId]);
      await sendBy(device.Client.fromSharedAccessSignature(facts.token, Transport), id, 1);

      const { token } = await attest('token', tpm, '--hub', facts.assignedHub, '--device-id', id, '--duration', '600');
      await sendBy(device.Client.fromSharedAccessSignature(token, Transport), id, 2);

      // The key lies where the SDK keeps its own: a device that gets an SDK later goes on with it.
      await tpm.connect();
      const provider = security.TpmAuthenticationProvider.fromTpmSecurityClient(id, facts.assignedHub, tpm.client());
      await sendBy(device.Client.fromAuthenticationProvider(provider, Transport), id, 3);
      provider.stop();
    } finally {
      tpm.stop();
    }
  });
}

test('a boot that changed is refused and in quarantine within one re-attestation; with the values of before the device returns', async () => {
  const tpm = await SoftTpm.startAlone();
  const connected = [];
  const connect = async token => {
    const client = device.Client.fromSharedAccessSignature(token, deviceMqtt.Mqtt);
    client.setRetryPolicy(new common.NoRetry());
    connected.push(client);
    await client.open();
    return client;
  };
  try {
    const id = unique('measured');
    const { endorsementKey } = await attest('show', tpm);
    await callService(hub, 'PUT', `enrollments/${id}`, { registrationId: id, attestation: { type: 'tpm', tpm: { endorsementKey } }, measuredBootPolicy: { pcrs: [0, 7, 11] } });
    const register = () => attest('register', tpm, ...registerAt, '--registration-id', id, '--token');
    const boot = async () => (await callService(hub, 'GET', `registrations/${id}`)).measuredBoot;
    const inHub = () => hub.call('GET', `/devices/${id}?api-version=2021-04-12`);
    const { token } = await register();
    assert.equal((await boot()).status, 'attested');
    assert.deepEqual(Object.keys((await callService(hub, 'GET', `enrollments/${id}`)).measuredBootPolicy.values), ['0', '7', '11']);
    const client = await connect(token);
    await client.sendEvent(new device.Message('as enrolled'));

    await tpm.extend(7);
    await callService(hub, 'POST', `registrations/${id}/requestAttestation`, { withinSeconds: 600 });
    const gone = once(client, 'disconnect');
    const refused = await failure(register());
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /a boot that changed/);
    const refusal = await hub.refusal(id);
    assert.equal(refusal.reason, 'BootStateChanged');
    assert.match(refusal.detail, /PCR 7 is [0-9a-f]{64} and should be 0{64}/);
    const { status, reason } = await boot();
    assert.deepEqual([status, reason], ['quarantined', 'PCR 7 changed']);
    assert.equal((await inHub()).status, 'disabled');
    await gone;
    assert.equal((await failure(connect(token))).name, 'UnauthorizedError');
    assert.equal((await failure(register())).code, 1);

    await tpm.restart();
    const returned = await register();
    assert.deepEqual([(await boot()).status, (await inHub()).status], ['attested', 'enabled']);
    await sendBy(device.Client.fromSharedAccessSignature(returned.token, deviceMqtt.Mqtt), id, 2);
  } finally {
    for (const client of connected) await client.close().catch(() => {});
    tpm.stop();
  }
});

test('another TPM is refused, and the device is told where its operator finds out why', async () => {
  const [tpm, other] = [await SoftTpm.startAlone(), await SoftTpm.startAlone()];
  try {
    const id = unique('attested');
    await service.createOrUpdateIndividualEnrollment({ registrationId: id, attestation: { type: 'tpm', tpm: { endorsementKey: (await attest('show', tpm)).endorsementKey } } });
    const { code, stderr } = await failure(attest('register', other, ...registerAt, '--registration-id', id));
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`tracking id [0-9a-f-]{36}.*gatehouse why ${id}`));
    assert.equal((await hub.refusal(id)).reason, 'EndorsementKeyMismatch');
  } finally {
    tpm.stop();
    other.stop();
  }
});
