// Keys, certificates, CAs and TPMs that are changed while their devices go on, and devices that are shut out or taken out: at each step who is let in, by the service and by the hub.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { make, thumbprint } from '../lib/certificates.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { callService, derive, register, send, sendByTpm, serviceClient, withCertificate, withKey } from '../lib/provisioning.mjs';
import { until } from '../lib/server.mjs';
import { endorsementKey, SoftTpm } from '../lib/tpm.mjs';

const hub = Hub.running();
const service = serviceClient(hub);
const byKey = (registrationId, more = {}) => ({ registrationId, attestation: { type: 'symmetricKey' }, ...more });
const byCertificate = (registrationId, certificate, more = {}) => ({ registrationId, attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: certificate.cert } } } }, ...more });
const bySigner = (enrollmentGroupId, signer, more = {}) => ({ enrollmentGroupId, attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: signer.cert } } } }, ...more });
const put = async enrollment => (await service.createOrUpdateIndividualEnrollment(enrollment)).responseBody;
const putGroup = async group => (await service.createOrUpdateEnrollmentGroup(group)).responseBody;
const read = async id => (await service.getIndividualEnrollment(id)).responseBody;
const readGroup = async id => (await service.getEnrollmentGroup(id)).responseBody;
const newKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(64))).toString('base64');
const authority = (name, issuer) => make(unique(name), { issuer, isAuthority: true });
const inHub = (method, id, body) => hub.call(method, `/devices/${id}?api-version=2021-04-12`, body, method === 'GET' ? {} : { 'If-Match': '*' });

/** It registers, and sends to the hub that it got. */
const comesWithKey = async (id, key) => {
  const result = await register(hub, withKey(id, key));
  await send(hub, result, key);
  return result;
};
const comesWithCertificate = async (id, certificate, chain = []) => {
  const result = await register(hub, withCertificate(id, certificate, chain));
  await send(hub, result, undefined, certificate, chain);
  return result;
};

/** The service knows this proof no more. */
const turnedAway = async security => assert.equal((await failure(register(hub, security))).name, 'UnauthorizedError');
/** Nor does the hub. */
const shutOut = async (result, key, certificate, chain) => assert.equal((await failure(send(hub, result, key, certificate, chain))).name, 'UnauthorizedError');

/** Uploads a CA certificate to the service and proves possession of its key. Returns it as the service shows it. */
async function uploadAuthority(name, certificate) {
  const added = await callService(hub, 'PUT', `certificates/${name}`, { properties: { certificate: certificate.cert } });
  const coded = await callService(hub, 'POST', `certificates/${name}/generateVerificationCode`, undefined, added.etag);
  const proof = make(coded.properties.verificationCode, { issuer: certificate });
  return await callService(hub, 'POST', `certificates/${name}/verify`, { certificate: proof.cert }, coded.etag);
}

test('the key of one device: a new secondary, the device moves to it, then the primary is replaced', async () => {
  const id = unique('e');
  const { attestation: { symmetricKey: { primaryKey: old, secondaryKey: spare } } } = await put(byKey(id));
  await comesWithKey(id, old);
  const next = newKey();
  const before = await read(id);
  await put({ ...before, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: old, secondaryKey: next } } });
  const stale = await failure(put({ ...before, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: next, secondaryKey: next } } }));
  assert.equal(stale.response.statusCode, 412);
  await turnedAway(withKey(id, spare));

  // Both keys are good while the device moves; the hub has the new one since the device registered with it.
  const moved = await comesWithKey(id, next);
  await send(hub, moved, old);
  await put({ ...(await read(id)), attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: newKey(), secondaryKey: next } } });
  await turnedAway(withKey(id, old));
  await send(hub, moved, old); // the hub keeps what it has until the device registers again
  const last = await comesWithKey(id, next);
  await shutOut(last, old);
});

test('the key of a group: derivations of both keys are good in between, and the hub takes the new ones as each device comes', async () => {
  const [group, early, late] = [unique('g'), unique('d'), unique('d')];
  const { attestation: { symmetricKey: { primaryKey: old, secondaryKey: spare } } } = await putGroup({ enrollmentGroupId: group, attestation: { type: 'symmetricKey' } });
  await Promise.all([early, late].map(id => comesWithKey(id, derive(old, id))));
  const next = newKey();
  await putGroup({ ...(await readGroup(group)), attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: old, secondaryKey: next } } });
  await turnedAway(withKey(early, derive(spare, early)));
  const [moved, stayed] = await Promise.all([comesWithKey(early, derive(next, early)), comesWithKey(late, derive(old, late))]);
  const keys = (await inHub('GET', late)).authentication.symmetricKey;
  assert.deepEqual([keys.primaryKey, keys.secondaryKey], [derive(old, late), derive(next, late)]);

  await putGroup({ ...(await readGroup(group)), attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: next, secondaryKey: newKey() } } });
  await turnedAway(withKey(late, derive(old, late)));
  await send(hub, stayed, derive(old, late));
  await comesWithKey(late, derive(next, late));
  await shutOut(stayed, derive(old, late));
  await comesWithKey(early, derive(next, early));
  await shutOut(moved, derive(old, early));
});

test('the certificate of one device before it ends: the new one as secondary, the old one taken out, and the next time in the other place', async () => {
  const id = unique('e');
  const [first, second, third] = [make(id), make(id), make(id)];
  await put(byCertificate(id, first));
  await comesWithCertificate(id, first);
  const alternate = async pair => {
    const enrollment = await read(id);
    Object.assign(enrollment.attestation.x509.clientCertificates, pair);
    await put(enrollment);
  };
  await alternate({ secondary: { certificate: second.cert } });
  await turnedAway(withCertificate(id, third));
  const moved = await comesWithCertificate(id, second);
  await send(hub, moved, undefined, first);

  await alternate({ primary: null });
  await turnedAway(withCertificate(id, first));
  await comesWithCertificate(id, second);
  await shutOut(moved, undefined, first);

  await alternate({ primary: { certificate: third.cert } });
  await comesWithCertificate(id, third);
  await alternate({ secondary: null });
  await turnedAway(withCertificate(id, second));
  const last = await comesWithCertificate(id, third);
  await shutOut(last, undefined, second);
  const { primaryThumbprint, secondaryThumbprint } = (await inHub('GET', id)).authentication.x509Thumbprint;
  assert.deepEqual([primaryThumbprint, secondaryThumbprint], [thumbprint(third, 'sha256'), null]);
});

test('the stolen certificate of one device: replaced at once, and out of the hub when its device is deleted there or registers again', async () => {
  for (const isDeleted of [true, false]) {
    const id = unique('e');
    const [stolen, next] = [make(id), make(id)];
    await put(byCertificate(id, stolen));
    const result = await comesWithCertificate(id, stolen);
    await put({ ...(await read(id)), attestation: byCertificate(id, next).attestation });
    await turnedAway(withCertificate(id, stolen));
    await send(hub, result, undefined, stolen); // the hub has not heard of it
    if (isDeleted) {
      await inHub('DELETE', id);
      await shutOut(result, undefined, stolen);
    }
    await comesWithCertificate(id, next);
    await shutOut(result, undefined, stolen);
  }
});

test('a root CA that ends: the new one by name as secondary, then the old one alone is taken out', async () => {
  const [old, next] = [authority('root'), authority('root')];
  const [oldName, nextName, group, id] = [unique('ca'), unique('ca'), unique('g'), unique('d')];
  await uploadAuthority(oldName, old);
  await putGroup({ enrollmentGroupId: group, attestation: { type: 'x509', x509: { caReferences: { primary: oldName } } } });
  const [first, second] = [make(id, { issuer: old }), make(id, { issuer: next })];
  await comesWithCertificate(id, first);
  await turnedAway(withCertificate(id, second));

  await uploadAuthority(nextName, next);
  await putGroup({ ...(await readGroup(group)), attestation: { type: 'x509', x509: { caReferences: { primary: oldName, secondary: nextName } } } });
  await comesWithCertificate(id, first);
  const moved = await comesWithCertificate(id, second);
  assert.equal(moved.x509.signingCertificateInfo.sha256Thumbprint, thumbprint(next, 'sha256'));
  await shutOut(moved, undefined, first);

  await callService(hub, 'DELETE', `certificates/${oldName}`, undefined, '*');
  await turnedAway(withCertificate(id, first));
  await comesWithCertificate(id, second);
  await putGroup({ ...(await readGroup(group)), attestation: { type: 'x509', x509: { caReferences: { primary: nextName } } } });
  await comesWithCertificate(id, second);
});

test('a root CA that was stolen: deleted, nobody registers by it; then the group names another one, and its devices come again', async () => {
  const [stolen, next] = [authority('root'), authority('root')];
  const [stolenName, nextName, group, id] = [unique('ca'), unique('ca'), unique('g'), unique('d')];
  await uploadAuthority(stolenName, stolen);
  await putGroup({ enrollmentGroupId: group, attestation: { type: 'x509', x509: { caReferences: { primary: stolenName } } } });
  const [first, second] = [make(id, { issuer: stolen }), make(id, { issuer: next })];
  const result = await comesWithCertificate(id, first);

  await callService(hub, 'DELETE', `certificates/${stolenName}`, undefined, '*');
  await turnedAway(withCertificate(id, first));
  const stranger = unique('d');
  await turnedAway(withCertificate(stranger, make(stranger, { issuer: stolen })));
  await uploadAuthority(nextName, next);
  await putGroup({ ...(await readGroup(group)), attestation: { type: 'x509', x509: { caReferences: { primary: nextName } } } });
  await turnedAway(withCertificate(id, first));
  await comesWithCertificate(id, second);
  await shutOut(result, undefined, first);
});

test('an intermediate that ends: the new one as secondary, then it alone', async () => {
  const root = authority('root');
  const [old, next] = [authority('intermediate', root), authority('intermediate', root)];
  const [group, id] = [unique('g'), unique('d')];
  const [first, second] = [make(id, { issuer: old }), make(id, { issuer: next })];
  await putGroup(bySigner(group, old));
  await comesWithCertificate(id, first, [old]);
  const both = await readGroup(group);
  both.attestation.x509.signingCertificates.secondary = { certificate: next.cert };
  await putGroup(both);
  await comesWithCertificate(id, first, [old]);
  const moved = await comesWithCertificate(id, second, [next]);
  const alone = await readGroup(group);
  alone.attestation.x509.signingCertificates.primary = null;
  await putGroup(alone);
  await turnedAway(withCertificate(id, first, [old]));
  await comesWithCertificate(id, second, [next]);
  await shutOut(moved, undefined, first, [old]);
});

test('an intermediate that was stolen: replaced at once; a disabled group of it shuts it out below a root that is still good', async () => {
  const root = authority('root');
  const [stolen, next] = [authority('intermediate', root), authority('intermediate', root)];
  const [whole, group, id] = [unique('g'), unique('g'), unique('d')];
  const [first, second] = [make(id, { issuer: stolen }), make(id, { issuer: next })];
  await putGroup(bySigner(group, stolen));
  const result = await comesWithCertificate(id, first, [stolen]);
  await putGroup({ ...(await readGroup(group)), attestation: bySigner(group, next).attestation });
  await turnedAway(withCertificate(id, first, [stolen]));
  await comesWithCertificate(id, second, [next]);
  await shutOut(result, undefined, first, [stolen]);

  // A group of the root would let it in again.
  await putGroup(bySigner(whole, root));
  const other = unique('d');
  const leaf = make(other, { issuer: stolen });
  await comesWithCertificate(other, leaf, [stolen]);
  await putGroup(bySigner(unique('g'), stolen, { provisioningStatus: 'disabled' }));
  await turnedAway(withCertificate(other, leaf, [stolen]));
  await turnedAway(withCertificate(id, first, [stolen]));
  await comesWithCertificate(id, second, [next]);
});

test('the nearest entry decides, and where it is deleted the one above it', async () => {
  const root = authority('root');
  const lower = authority('intermediate', root);
  const [above, near, id] = [unique('g'), unique('g'), unique('d')];
  const leaf = make(id, { issuer: lower });
  await putGroup(bySigner(above, root, { provisioningStatus: 'disabled' }));
  await putGroup(bySigner(near, lower));
  assert.equal((await comesWithCertificate(id, leaf, [lower])).x509.enrollmentGroupId, near);
  await service.deleteEnrollmentGroup(near);
  await turnedAway(withCertificate(id, leaf, [lower]));
  await putGroup({ ...(await readGroup(above)), provisioningStatus: 'enabled' });
  assert.equal((await comesWithCertificate(id, leaf, [lower])).x509.enrollmentGroupId, above);
  await service.deleteEnrollmentGroup(above);
  await turnedAway(withCertificate(id, leaf, [lower]));
});

test('one device of a group is shut out by its certificate, and in the hub by its status there; the others go on', async () => {
  const root = authority('root');
  const [blocked, other] = [unique('d'), unique('d')];
  const [leaf, leafOfOther] = [make(blocked, { issuer: root }), make(other, { issuer: root })];
  await putGroup(bySigner(unique('g'), root));
  const result = await comesWithCertificate(blocked, leaf);
  await comesWithCertificate(other, leafOfOther);
  await put(byCertificate(blocked, leaf, { provisioningStatus: 'disabled' }));
  await turnedAway(withCertificate(blocked, leaf));
  assert.equal((await service.getDeviceRegistrationState(blocked)).responseBody.status, 'disabled');
  await send(hub, result, undefined, leaf);
  await inHub('PUT', blocked, { ...(await inHub('GET', blocked)), status: 'disabled' });
  await shutOut(result, undefined, leaf);
  await comesWithCertificate(other, leafOfOther);
});

test('a TPM that was cleared has another storage root and stays who it is; a new board is let in when the enrollment has its endorsement key', async () => {
  const [tpm, board] = [await SoftTpm.start(), await SoftTpm.start()];
  try {
    const id = unique('t');
    const client = tpm.client(id);
    const ofTpm = endorsement => ({ type: 'tpm', tpm: { endorsementKey: endorsement } });
    await put({ registrationId: id, attestation: ofTpm(await endorsementKey(client)) });
    const comes = async security => {
      const { registrationState } = await register(hub, security);
      await sendByTpm(security, registrationState);
      return [(await inHub('GET', id)).authentication.symmetricKey.primaryKey, (await read(id)).attestation.tpm.storageRootKey];
    };
    const first = await comes(client);
    await tpm.clear();
    const cleared = tpm.client(id);
    assert.equal(await endorsementKey(cleared), await endorsementKey(client));
    const second = await comes(cleared);
    assert.notEqual(second[0], first[0]);
    assert.notEqual(second[1], first[1]);

    // The client makes a FormatError of a refusal without a challenge; the log says why.
    const replaced = board.client(id);
    const isMismatch = async security => {
      const before = (await hub.refusals(id)).length;
      assert.equal((await failure(register(hub, security))).name, 'FormatError');
      const [last] = await until('its refusal', async () => { const all = await hub.refusals(id); return all.length > before && all; });
      assert.equal(last.reason, 'EndorsementKeyMismatch');
    };
    await isMismatch(replaced);
    await put({ ...(await read(id)), attestation: ofTpm(await endorsementKey(replaced)) });
    await isMismatch(cleared);
    const third = await comes(replaced);
    assert.notEqual(third[0], second[0]);
    assert.equal((await failure(sendByTpm(cleared, { deviceId: id, assignedHub: hub.host }))).name, 'UnauthorizedError');
  } finally {
    tpm.stop();
    board.stop();
  }
});

test('a device is taken out for good: first its enrollment, then its device in the hub, then its record', async () => {
  const id = unique('e');
  const { attestation: { symmetricKey: { primaryKey: key } } } = await put(byKey(id));
  const result = await comesWithKey(id, key);
  await inHub('DELETE', id);
  await shutOut(result, key);
  await comesWithKey(id, key); // out of the hub alone: it comes again

  await service.deleteIndividualEnrollment(id);
  await turnedAway(withKey(id, key));
  await send(hub, result, key); // out of the service alone: it stays in its hub
  await inHub('DELETE', id);
  await shutOut(result, key);
  await turnedAway(withKey(id, key));
  const { responseBody: record } = await service.getDeviceRegistrationState(id);
  assert.equal(record.registrationId, id);
  await service.deleteDeviceRegistrationState(record);
  assert.equal((await failure(service.getDeviceRegistrationState(id))).response.statusCode, 404);
});
