// Devices that are given their hub: the service client's methods, and registration over HTTPS with keys and certificates; each device then connects and sends.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import { test } from 'node:test';
import client from 'azure-iot-provisioning-service';
import { make, thumbprint } from '../lib/certificates.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { outsideTls } from '../lib/outside.mjs';
import { callService, derive, register, send, serviceClient, withCertificate, withKey } from '../lib/provisioning.mjs';

const hub = Hub.running();
const service = serviceClient(hub);
const byKey = (registrationId, more = {}) => ({ registrationId, attestation: { type: 'symmetricKey' }, ...more });
const groupByKey = enrollmentGroupId => ({ enrollmentGroupId, attestation: { type: 'symmetricKey' } });
const groupBySigner = (enrollmentGroupId, authority, more = {}) => ({ enrollmentGroupId, attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: authority.cert } } } }, ...more });
/** With a callback: without one, the client's promise never settles. */
const bulk = operation => new Promise((done, fail) => { service.runBulkEnrollmentOperation(operation, (error, result) => (error ? fail(error) : done(result))); });

/** All pages of a query, each an array. */
async function pages(query) {
  const found = [];
  do {
    const { responseBody } = await query.next(query.continuationToken);
    found.push(responseBody);
  } while (query.hasMoreResults);
  return found;
}

test('individual enrollments: create, get, update, keys, query, delete', async () => {
  const id = unique('e');
  const { responseBody: made } = await service.createOrUpdateIndividualEnrollment(byKey(id, { deviceId: `${id}-d`, initialTwin: { tags: { a: 1 }, properties: { desired: { b: 2 } } } }));
  assert.equal(Buffer.from(made.attestation.symmetricKey.primaryKey, 'base64').length, 64);
  const { responseBody: read } = await service.getIndividualEnrollment(id);
  assert.deepEqual([read.registrationId, read.deviceId, read.provisioningStatus, read.attestation], [id, `${id}-d`, 'enabled', { type: 'symmetricKey', symmetricKey: {} }]);
  const { responseBody: updated } = await service.createOrUpdateIndividualEnrollment({ ...read, provisioningStatus: 'disabled' });
  assert.equal(updated.provisioningStatus, 'disabled');
  const { responseBody: mechanism } = await service.getIndividualEnrollmentAttestationMechanism(id);
  assert.deepEqual(mechanism.symmetricKey, made.attestation.symmetricKey);
  const stale = await failure(service.createOrUpdateIndividualEnrollment({ ...read, provisioningStatus: 'enabled' }));
  assert.equal(stale.response.statusCode, 412);
  const found = await pages(service.createIndividualEnrollmentQuery({ query: 'SELECT * FROM enrollments' }, 1));
  assert.ok(found.flat().some(item => item.registrationId === id));
  await service.deleteIndividualEnrollment(id);
  assert.equal((await failure(service.getIndividualEnrollment(id))).response.statusCode, 404);
});

test('enrollment groups and bulk calls', async () => {
  const id = unique('g');
  const { responseBody: made } = await service.createOrUpdateEnrollmentGroup(groupByKey(id));
  const { responseBody: read } = await service.getEnrollmentGroup(id);
  assert.deepEqual(read.attestation, { type: 'symmetricKey', symmetricKey: {} });
  const { responseBody: mechanism } = await service.getEnrollmentGroupAttestationMechanism(id);
  assert.deepEqual(mechanism.symmetricKey, made.attestation.symmetricKey);
  const found = await pages(service.createEnrollmentGroupQuery({ query: 'SELECT * FROM enrollmentGroups' }, 10));
  assert.ok(found.flat().some(item => item.enrollmentGroupId === id));
  await service.deleteEnrollmentGroup(read);

  const [one, two] = [unique('e'), unique('e')];
  const created = await bulk({ mode: 'create', enrollments: [byKey(one), byKey(two)] });
  assert.deepEqual(created, { isSuccessful: true, errors: [] });
  const again = await bulk({ mode: 'create', enrollments: [byKey(one)] });
  assert.deepEqual([again.isSuccessful, again.errors[0].registrationId, again.errors[0].errorCode], [false, one, 409201]);
  const deleted = await bulk({ mode: 'delete', enrollments: [byKey(one), byKey(two)] });
  assert.equal(deleted.isSuccessful, true);
});

test('every write and delete of an entry that has changed since is refused', async () => {
  const [id, group] = [unique('e'), unique('g')];
  const { responseBody: made } = await service.createOrUpdateIndividualEnrollment(byKey(id));
  const { responseBody: madeGroup } = await service.createOrUpdateEnrollmentGroup(groupByKey(group));
  const derived = derive(madeGroup.attestation.symmetricKey.primaryKey, group);
  await register(hub, withKey(group, derived));
  const { responseBody: state } = await service.getDeviceRegistrationState(group);
  await register(hub, withKey(group, derived));
  const [again, againGroup] = [{ ...made, provisioningStatus: 'disabled' }, { ...madeGroup, provisioningStatus: 'disabled' }];
  const { responseBody: changed } = await service.createOrUpdateIndividualEnrollment(again);
  const { responseBody: changedGroup } = await service.createOrUpdateEnrollmentGroup(againGroup);
  assert.notEqual(changed.etag, made.etag);

  const stale = [
    service.createOrUpdateIndividualEnrollment(again), service.createOrUpdateEnrollmentGroup(againGroup), service.deleteIndividualEnrollment(made), service.deleteIndividualEnrollment(id, made.etag),
    service.deleteEnrollmentGroup(madeGroup), service.deleteEnrollmentGroup(group, madeGroup.etag), service.deleteDeviceRegistrationState(state), service.deleteDeviceRegistrationState(group, state.etag),
  ];
  for (const refused of await Promise.all(stale.map(failure))) assert.equal(refused.response.statusCode, 412);
  await service.deleteIndividualEnrollment(id, changed.etag);
  await service.deleteEnrollmentGroup(changedGroup);
  await service.deleteDeviceRegistrationState(group);
  const gone = [service.getIndividualEnrollment(id), service.getEnrollmentGroup(group), service.getDeviceRegistrationState(group)];
  for (const unknown of await Promise.all(gone.map(failure))) assert.equal(unknown.response.statusCode, 404);
});

test('bulk calls in every mode: what is wrong with one entry is told by its name', async () => {
  const [one, two] = [unique('e'), unique('e')];
  await bulk({ mode: 'create', enrollments: [byKey(one), byKey(two)] });
  const [first, second] = (await Promise.all([one, two].map(id => service.getIndividualEnrollment(id)))).map(answer => answer.responseBody);
  const disabled = enrollment => ({ ...enrollment, provisioningStatus: 'disabled' });
  assert.equal((await bulk({ mode: 'update', enrollments: [disabled(first)] })).isSuccessful, true);
  const guarded = await bulk({ mode: 'updateIfMatchEtag', enrollments: [disabled(first), disabled(second)] });
  assert.equal(guarded.isSuccessful, false);
  assert.deepEqual(guarded.errors.map(error => [error.registrationId, Math.trunc(error.errorCode / 1000)]), [[one, 412]]);
  assert.equal((await service.getIndividualEnrollment(two)).responseBody.provisioningStatus, 'disabled');
  const refused = await failure(bulk({ mode: 'create', enrollments: Array.from({ length: 11 }, () => byKey(unique('e'))) }));
  assert.equal(refused.response.statusCode, 400);
  assert.equal((await bulk({ mode: 'delete', enrollments: [first, second] })).isSuccessful, true);
});

test('queries come in pages of the size that is asked for', async () => {
  const mark = unique('tag');
  const ids = [1, 2, 3, 4, 5].map(() => unique('p')).sort();
  await bulk({ mode: 'create', enrollments: ids.map(id => byKey(id, { deviceId: `${id}-${mark}` })) });
  const groups = [1, 2, 3].map(() => unique('p')).sort();
  for (const id of groups) await service.createOrUpdateEnrollmentGroup(groupByKey(id));
  const either = (name, values) => values.map(value => `${name} = '${value}'`).join(' OR ');
  const found = await pages(service.createIndividualEnrollmentQuery({ query: `SELECT * FROM enrollments WHERE ${either('registrationId', ids)}` }, 2));
  assert.ok(found.length >= 3 && found.every(page => page.length <= 2));
  assert.deepEqual(found.flat().map(item => item.registrationId), ids);
  const foundGroups = await pages(service.createEnrollmentGroupQuery({ query: `SELECT * FROM enrollmentGroups WHERE ${either('enrollmentGroupId', groups)}` }, 1));
  assert.ok(foundGroups.length >= 3 && foundGroups.every(page => page.length <= 1));
  assert.deepEqual(foundGroups.flat().map(item => item.enrollmentGroupId), groups);
  assert.equal((await failure(service.createIndividualEnrollmentQuery({ query: 'DELETE FROM enrollments' }).next())).response.statusCode, 400);
});

test('attestation mechanisms of certificates come whole; a token of Entra opens nothing', async () => {
  const [id, group] = [unique('e'), unique('g')];
  const [own, root] = [make(id), make(unique('root'), { isAuthority: true })];
  await service.createOrUpdateIndividualEnrollment({ registrationId: id, attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: own.cert } } } } });
  await service.createOrUpdateEnrollmentGroup(groupBySigner(group, root));
  const { responseBody: one } = await service.getIndividualEnrollmentAttestationMechanism(id);
  const { responseBody: all } = await service.getEnrollmentGroupAttestationMechanism(group);
  assert.deepEqual([one.type, one.x509.clientCertificates.primary.info.sha256Thumbprint], ['x509', thumbprint(own, 'sha256')]);
  assert.deepEqual([all.type, all.x509.signingCertificates.primary.info.sha256Thumbprint], ['x509', thumbprint(root, 'sha256')]);
  assert.ok(one.x509.clientCertificates.primary.certificate && all.x509.signingCertificates.primary.certificate);
  const stranger = client.ProvisioningServiceClient.fromTokenCredential(hub.host, { getToken: async () => ({ token: 'e30.e30.', expiresOnTimestamp: Date.now() + 3600_000 }) });
  assert.equal((await failure(stranger.getIndividualEnrollment(id))).response.statusCode, 401);
});

test('a device with a key of its own', async () => {
  const id = unique('e');
  const { responseBody: made } = await service.createOrUpdateIndividualEnrollment(byKey(id, { deviceId: `${id}-d`, initialTwin: { tags: { from: 'enrollment' }, properties: { desired: {} } } }));
  const result = await register(hub, withKey(id, made.attestation.symmetricKey.primaryKey), undefined, { modelId: 'dtmi:test:device;1' });
  assert.deepEqual([result.assignedHub, result.deviceId, result.status, result.substatus], [hub.host, `${id}-d`, 'assigned', 'initialAssignment']);
  await send(hub, result, made.attestation.symmetricKey.secondaryKey);
  assert.equal((await hub.call('GET', `/twins/${id}-d?api-version=2021-04-12`)).tags.from, 'enrollment');
  const { responseBody: state } = await service.getDeviceRegistrationState(id);
  assert.deepEqual([state.registrationId, state.assignedHub, state.status], [id, hub.host, 'assigned']);
  await service.deleteDeviceRegistrationState(state);
  assert.equal((await failure(service.getDeviceRegistrationState(id))).response.statusCode, 404);
});

test('devices of a group with derived keys; one is blocked by an enrollment of its own', async () => {
  const [group, one, two] = [unique('g'), unique('d'), unique('d')];
  const { responseBody: made } = await service.createOrUpdateEnrollmentGroup(groupByKey(group));
  const [first, second] = [derive(made.attestation.symmetricKey.primaryKey, one), derive(made.attestation.symmetricKey.secondaryKey, two)];
  const results = await Promise.all([register(hub, withKey(one, first)), register(hub, withKey(two, second))]);
  assert.deepEqual(results.map(result => result.deviceId), [one, two]);
  await Promise.all([send(hub, results[0], first), send(hub, results[1], second)]);
  const listed = await pages(service.createEnrollmentGroupDeviceRegistrationStateQuery({ query: '*' }, group, 1));
  assert.deepEqual(listed.flat().map(state => state.registrationId).sort(), [one, two].sort());

  await service.createOrUpdateIndividualEnrollment(byKey(one, { provisioningStatus: 'disabled', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: first, secondaryKey: second } } }));
  const refused = await failure(register(hub, withKey(one, first)));
  assert.equal(refused.name, 'UnauthorizedError');
  assert.equal((await failure(register(hub, withKey(unique('d'), first)))).name, 'UnauthorizedError');
});

test('a device with a certificate of its own, rolled to its second one', async () => {
  const id = unique('e');
  const [first, second] = [make(id), make(id)];
  await service.createOrUpdateIndividualEnrollment({ registrationId: id, attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: first.cert }, secondary: { certificate: second.cert } } } } });
  const result = await register(hub, withCertificate(id, first));
  await send(hub, result, undefined, first);
  const rolled = await register(hub, withCertificate(id, second));
  assert.equal(rolled.x509.certificateInfo.sha256Thumbprint, thumbprint(second, 'sha256'));
  await send(hub, rolled, undefined, second);
  assert.equal((await failure(register(hub, withCertificate(id, make(id))))).name, 'UnauthorizedError');
});

test('a device of a group through two intermediates; a disabled intermediate blocks it', async () => {
  const root = make(unique('root'), { isAuthority: true });
  const upper = make(unique('upper'), { issuer: root, isAuthority: true });
  const lower = make(unique('lower'), { issuer: upper, isAuthority: true });
  const [group, id] = [unique('g'), unique('d')];
  await service.createOrUpdateEnrollmentGroup(groupBySigner(group, root));
  const leaf = make(id, { issuer: lower });
  const result = await register(hub, withCertificate(id, leaf, [lower, upper]));
  assert.equal(result.x509.enrollmentGroupId, group);
  await send(hub, result, undefined, leaf, [lower, upper]);

  await service.createOrUpdateEnrollmentGroup(groupBySigner(unique('g'), upper, { provisioningStatus: 'disabled' }));
  assert.equal((await failure(register(hub, withCertificate(id, leaf, [lower, upper])))).name, 'UnauthorizedError');
  const other = unique('d');
  assert.equal((await failure(register(hub, withCertificate(other, make(other, { issuer: make('stranger', { isAuthority: true }) }))))).name, 'UnauthorizedError');
});

test('a device of a group that names a CA certificate, once who uploaded it has proved its key', async () => {
  // The service has CA certificates in its management API, which azure-iot-provisioning-service does not know; the group is written with it.
  const root = make(unique('root'), { isAuthority: true });
  const lower = make(unique('lower'), { issuer: root, isAuthority: true });
  const [name, group, id] = [unique('ca'), unique('g'), unique('d')];
  const named = { enrollmentGroupId: group, attestation: { type: 'x509', x509: { caReferences: { primary: name } } } };
  const added = await callService(hub, 'PUT', `certificates/${name}`, { properties: { certificate: root.cert } });
  assert.equal((await failure(service.createOrUpdateEnrollmentGroup(named))).response.statusCode, 400);
  const coded = await callService(hub, 'POST', `certificates/${name}/generateVerificationCode`, undefined, added.etag);
  const proof = make(coded.properties.verificationCode, { issuer: root });
  const verified = await callService(hub, 'POST', `certificates/${name}/verify`, { certificate: proof.cert }, coded.etag);
  assert.equal(verified.properties.isVerified, true);

  const { responseBody: made } = await service.createOrUpdateEnrollmentGroup(named);
  assert.deepEqual(made.attestation.x509.caReferences, { primary: name });
  const leaf = make(id, { issuer: lower });
  const result = await register(hub, withCertificate(id, leaf, [lower]));
  assert.equal(result.x509.enrollmentGroupId, group);
  await send(hub, result, undefined, leaf, [lower]);
});

test('a webhook chooses the hub of a device, and gives it its first twin and a payload', async () => {
  const asked = [];
  const { certFile, keyFile } = outsideTls();
  const hook = https.createServer({ cert: fs.readFileSync(certFile), key: fs.readFileSync(keyFile) }, async (request, answer) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push(JSON.parse(body));
    answer.setHeader('Content-Type', 'application/json').end(JSON.stringify({ iotHubHostName: hub.host, initialTwin: { tags: { from: 'webhook' }, properties: { desired: {} } }, payload: { hello: asked.length } }));
  });
  await new Promise(done => { hook.listen(0, '127.0.0.1', done); });
  try {
    const id = unique('e');
    const { responseBody: made } = await service.createOrUpdateIndividualEnrollment(byKey(id, {
      allocationPolicy: 'custom', customAllocationDefinition: { webhookUrl: `https://localhost:${hook.address().port}/`, apiVersion: '2021-10-01' },
    }));
    const result = await register(hub, withKey(id, made.attestation.symmetricKey.primaryKey), undefined, { modelId: 'dtmi:test:device;1' });
    assert.deepEqual([result.assignedHub, result.payload, asked[0].deviceRuntimeContext.payload, asked[0].linkedHubs], [hub.host, { hello: 1 }, { modelId: 'dtmi:test:device;1' }, [hub.host]]);
    assert.equal((await hub.call('GET', `/twins/${id}?api-version=2021-04-12`)).tags.from, 'webhook');
  } finally {
    hook.close();
  }
});
