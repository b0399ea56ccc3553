// Enrollments made, rolled and disabled with the command line, and the unmodified client that registers by them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, make, thumbprint } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { register, send, withCertificate, withKey } from '../lib/provisioning.mjs';

const hub = Hub.running();
const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);

test('an enrollment with keys: a device registers, its key is rolled, and it is disabled', async () => {
  const id = unique('e');
  await gatehouse('enrollment', 'create', id, '--initial-twin-tags', '{"site":"north"}');
  const { primaryKey: first } = await gatehouse('enrollment', 'keys', id);
  await send(hub, await register(hub, withKey(id, first)), first);
  assert.equal((await gatehouse('twin', 'show', id)).tags.site, 'north');

  const { etag } = await gatehouse('enrollment', 'roll', id);
  const finish = ['enrollment', 'roll', id, '--finish', '--etag', etag];
  const { primaryKey: still, secondaryKey: second } = await gatehouse('enrollment', 'keys', id);
  assert.equal(still, first);
  assert.match((await failure(gatehouse(...finish))).stderr, /have not come since/);
  await send(hub, await register(hub, withKey(id, first)), first);
  assert.match((await failure(gatehouse(...finish))).stderr, /came again with the old one/);
  await send(hub, await register(hub, withKey(id, second)), second);
  await gatehouse(...finish);
  assert.equal((await failure(register(hub, withKey(id, first)))).name, 'UnauthorizedError');
  await send(hub, await register(hub, withKey(id, second)), second);

  assert.equal((await gatehouse('enrollment', 'update', id, '--provisioning-status', 'disabled')).provisioningStatus, 'disabled');
  assert.equal((await failure(register(hub, withKey(id, second)))).name, 'UnauthorizedError');
  await gatehouse('enrollment', 'registrations', 'delete', id);
  await gatehouse('enrollment', 'delete', id);
});

test('a group with keys: the key of a device is computed on this machine', async () => {
  const [group, id] = [unique('g'), unique('d')];
  await gatehouse('enrollment', 'create', group, '--group');
  const { deviceKey } = await gatehouse('enrollment', 'compute-device-key', id, '--group-id', group);
  const file = path.join(folder, `${group}.key`);
  fs.writeFileSync(file, (await gatehouse('enrollment', 'keys', group, '--group')).primaryKey);
  assert.equal((await gatehouse('enrollment', 'compute-device-key', id, '--key-from', file)).deviceKey, deviceKey);
  await send(hub, await register(hub, withKey(id, deviceKey)), deviceKey);
  assert.deepEqual((await gatehouse('enrollment', 'registrations', 'list', group)).map(state => [state.registrationId, state.assignedHub]), [[id, hub.host]]);
});

test('a group by CA: its CA is rolled once its devices have certificates of the new one', async () => {
  const [group, id] = [unique('g'), unique('d')];
  const [old, next] = [make(unique('ca'), { isAuthority: true }), make(unique('ca'), { isAuthority: true })];
  await gatehouse('enrollment', 'create', group, '--group', '--certificate', old.certFile);
  const before = make(id, { issuer: old });
  await send(hub, await register(hub, withCertificate(id, before)), undefined, before);

  await gatehouse('enrollment', 'roll', group, '--group', '--certificate', next.certFile);
  assert.match((await failure(gatehouse('enrollment', 'roll', group, '--group', '--finish'))).stderr, new RegExp(id));
  const after = make(id, { issuer: next });
  await send(hub, await register(hub, withCertificate(id, after)), undefined, after);
  const { attestation } = await gatehouse('enrollment', 'roll', group, '--group', '--finish');
  assert.equal(attestation.x509.signingCertificates.primary.info.sha256Thumbprint, thumbprint(next, 'sha256'));
  assert.equal((await failure(register(hub, withCertificate(id, before)))).name, 'UnauthorizedError');
});
