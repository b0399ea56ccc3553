// Registration over AMQP and AMQP over WebSocket with keys and certificates, and by TPM over every transport that has it; then the device connects and sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import amqp from 'azure-iot-provisioning-device-amqp';
import http from 'azure-iot-provisioning-device-http';
import WebSocket from 'ws';
import { make } from '../lib/certificates.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { derive, register, send, sendByTpm, serviceClient, withCertificate, withKey } from '../lib/provisioning.mjs';
import { sleep } from '../lib/server.mjs';
import { endorsementKey, registrationId, SoftTpm } from '../lib/tpm.mjs';

const hub = Hub.running();
const service = serviceClient(hub);
const enrollTpm = (id, key, more = {}) => service.createOrUpdateIndividualEnrollment({ registrationId: id, attestation: { type: 'tpm', tpm: { endorsementKey: key } }, ...more });

/** Sends one message, and waits until so many of the device can be read. */
async function sendBy(client, result, count) {
  await sendByTpm(client, result);
  assert.equal((await hub.events(result.deviceId, count)).length, count);
}

/** Over AMQP the client tells of a refused certificate only when its own timer of 45 s has run, and of a TPM that was refused before a challenge never: nobody listens to the end of its connection. */
const outcomeOf = async (attempt, patience = 3_000) => await Promise.race([attempt.then(() => 'registered', () => 'refused'), sleep(patience).then(() => 'silent')]);

const hubKey = async id => (await hub.call('GET', `/devices/${id}?api-version=2021-04-12`)).authentication.symmetricKey.primaryKey;

/** The server says why, and the device of the hub keeps its key. */
const refused = async (client, id, transport, reason) => {
  const key = await hubKey(`${id}-d`);
  const outcome = await outcomeOf(register(hub, client, transport), transport instanceof http.Http ? 60_000 : undefined);
  if (transport instanceof http.Http) assert.equal(outcome, 'refused');
  else assert.notEqual(outcome, 'registered');
  for (let tries = 0; !(await hub.refusals(id)).some(refusal => refusal.reason === reason); tries++) {
    assert.ok(tries < 1_200, `no refusal of ${id} says ${reason}`);
    await sleep(50);
  }
  assert.equal(await hubKey(`${id}-d`), key);
};

for (const [name, Transport] of [['Amqp', amqp.Amqp], ['AmqpWs', amqp.AmqpWs]]) {
  test(`a key of its own and a derived one over ${name}`, async () => {
    const [own, group, member] = [unique('e'), unique('g'), unique('d')];
    const { responseBody: individual } = await service.createOrUpdateIndividualEnrollment({ registrationId: own, attestation: { type: 'symmetricKey' } });
    const { responseBody: made } = await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'symmetricKey' } });
    const derived = derive(made.attestation.symmetricKey.primaryKey, member);
    const results = await Promise.all([
      register(hub, withKey(own, individual.attestation.symmetricKey.primaryKey), new Transport(), { any: 'thing' }),
      register(hub, withKey(member, derived), new Transport()),
    ]);
    assert.deepEqual(results.map(result => [result.deviceId, result.assignedHub, result.status]), [[own, hub.host, 'assigned'], [member, hub.host, 'assigned']]);
    await Promise.all([send(hub, results[0], individual.attestation.symmetricKey.primaryKey), send(hub, results[1], derived)]);
    assert.ok(await failure(register(hub, withKey(unique('d'), derived), new Transport())));
  });

  test(`a certificate of its own and a chain of two intermediates over ${name}`, async () => {
    const [own, group, member] = [unique('e'), unique('g'), unique('d')];
    const certificate = make(own);
    const root = make(unique('root'), { isAuthority: true });
    const upper = make(unique('upper'), { issuer: root, isAuthority: true });
    const lower = make(unique('lower'), { issuer: upper, isAuthority: true });
    const leaf = make(member, { issuer: lower });
    await service.createOrUpdateIndividualEnrollment({ registrationId: own, attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: certificate.cert } } } } });
    await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: group, attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: root.cert } } } } });
    const results = await Promise.all([register(hub, withCertificate(own, certificate), new Transport()), register(hub, withCertificate(member, leaf, [lower, upper]), new Transport())]);
    assert.deepEqual(results.map(result => result.deviceId), [own, member]);
    await Promise.all([send(hub, results[0], undefined, certificate), send(hub, results[1], undefined, leaf, [lower, upper])]);
    const other = unique('d');
    assert.notEqual(await outcomeOf(register(hub, withCertificate(other, make(other)), new Transport())), 'registered');
    await hub.refusal(other);
    assert.equal((await hub.send('GET', `/devices/${other}?api-version=2021-04-12`)).status, 404);
  });
}

for (const [name, Transport] of [['Http', http.Http], ['Amqp', amqp.Amqp], ['AmqpWs', amqp.AmqpWs]]) {
  test(`a TPM over ${name}, twice; another TPM is refused`, async () => {
    const [tpm, other] = [await SoftTpm.start(), await SoftTpm.start()];
    try {
      const client = tpm.client();
      const id = await registrationId(client);
      await enrollTpm(id, await endorsementKey(client), { deviceId: `${id}-d` });
      // By TPM the client resolves with the whole operation, elsewhere with the state in it.
      const { registrationState: result } = await register(hub, client, new Transport());
      assert.deepEqual([result.deviceId, result.assignedHub, result.status], [`${id}-d`, hub.host, 'assigned']);
      await sendBy(client, result, 1);

      const key = await hubKey(`${id}-d`);
      const { registrationState: again } = await register(hub, client, new Transport());
      assert.notEqual(await hubKey(`${id}-d`), key);
      await sendBy(client, again, 2);

      await refused(other.client(id), id, new Transport(), 'EndorsementKeyMismatch');
      const { responseBody: read } = await service.getIndividualEnrollment(id);
      assert.ok(read.attestation.tpm.storageRootKey);
      await service.createOrUpdateIndividualEnrollment({ ...read, provisioningStatus: 'disabled' });
      await refused(client, id, new Transport(), 'IdentityDisabled');
    } finally {
      tpm.stop();
      other.stop();
    }
  });
}

test('the root path takes WebSockets of both protocols, as the C# client dials it', async () => {
  for (const protocol of ['mqtt', 'AMQPWSB10']) {
    const socket = new WebSocket(`wss://${hub.host}:443/`, protocol, { ca: hub.ca });
    await new Promise((done, fail) => { socket.once('open', done); socket.once('error', fail); });
    assert.equal(socket.protocol, protocol);
    socket.terminate();
  }
  assert.equal((await hub.send('GET', '/')).status, 404);
});
