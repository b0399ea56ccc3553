// azure-iothub's Registry, unmodified: every method that this version covers, with its error cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import iothub from 'azure-iothub';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { startServer } from '../lib/server.mjs';

const hub = Hub.running();
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const result = async promise => (await promise).responseBody;
const version = 'api-version=2021-04-12';

test('create, get, update, delete a device', async () => {
  const deviceId = unique();
  const created = await result(registry.create({ deviceId }));
  assert.equal(created.deviceId, deviceId);
  assert.equal(created.status, 'enabled');
  assert.equal(created.connectionState, 'Disconnected');
  assert.equal(created.authentication.type, 'sas');
  assert.equal(Buffer.from(created.authentication.symmetricKey.primaryKey, 'base64').length, 32);
  assert.notEqual(created.authentication.symmetricKey.primaryKey, created.authentication.symmetricKey.secondaryKey);
  assert.match(created.generationId, /^\d{18}$/);
  assert.equal(created.lastActivityTime, '0001-01-01T00:00:00');

  const read = await result(registry.get(deviceId));
  assert.deepEqual(read, created);

  const updated = await result(registry.update({ ...read, status: 'disabled', statusReason: 'maintenance' }));
  assert.equal(updated.status, 'disabled');
  assert.equal(updated.statusReason, 'maintenance');
  assert.notEqual(updated.etag, read.etag);
  assert.deepEqual(updated.authentication, created.authentication);

  await registry.delete(deviceId);
  assert.equal((await failure(registry.get(deviceId))).name, 'DeviceNotFoundError');
});

test('creating twice, getting and deleting what is not there', async () => {
  const deviceId = unique();
  await registry.create({ deviceId });
  assert.equal((await failure(registry.create({ deviceId }))).name, 'DeviceAlreadyExistsError');
  assert.equal((await failure(registry.get(unique()))).name, 'DeviceNotFoundError');
  assert.equal((await failure(registry.delete(unique()))).name, 'DeviceNotFoundError');
  assert.equal((await failure(registry.update({ deviceId: unique(), status: 'enabled' }))).name, 'DeviceNotFoundError');
});

// Registry.update sends If-Match "*" whatever the etag is; updateModule sends the module's.
test('a stale ETag is refused', async () => {
  const deviceId = unique();
  await registry.create({ deviceId });
  const first = await result(registry.addModule({ deviceId, moduleId: 'm', managedBy: '' }));
  await registry.updateModule({ ...first, managedBy: 'a' });
  const stale = await failure(registry.updateModule({ ...first, managedBy: 'b' }));
  assert.equal(stale.name, 'InvalidEtagError');
});

for (const [what, device] of Object.entries({
  'an id with a space': { deviceId: 'a b' },
  'an id that is too long': { deviceId: 'x'.repeat(129) },
  'a status that does not exist': { deviceId: 'd', status: 'perhaps' },
  'a key that is not base64': { deviceId: 'd', authentication: { type: 'sas', symmetricKey: { primaryKey: '***', secondaryKey: '***' } } },
  'a key that is too short': { deviceId: 'd', authentication: { type: 'sas', symmetricKey: { primaryKey: 'AAAA', secondaryKey: 'AAAA' } } },
  'a thumbprint with colons': { deviceId: 'd', authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: 'AA:'.repeat(20).slice(0, -1) } } },
})) {
  test(`${what} is an argument error`, async () => {
    assert.equal((await failure(registry.create(device))).name, 'ArgumentError');
  });
}

test('list holds what was created', async () => {
  const deviceId = unique();
  await registry.create({ deviceId });
  const all = await result(registry.list());
  assert.ok(Array.isArray(all));
  assert.ok(all.length <= 1000);
});

test('bulk: add, update, remove, and the errors of each item', async () => {
  const ids = Array.from({ length: 20 }, () => unique('bulk'));
  const added = await result(registry.addDevices(ids.map(deviceId => ({ deviceId, status: 'enabled' }))));
  assert.equal(added.isSuccessful, true);
  assert.deepEqual(added.errors, []);
  const devices = await Promise.all(ids.map(async id => await result(registry.get(id))));

  const updated = await result(registry.updateDevices(devices.map(device => ({ ...device, status: 'disabled' })), true));
  assert.equal(updated.isSuccessful, true);
  assert.equal((await result(registry.get(ids[3]))).status, 'disabled');

  const removed = await result(registry.removeDevices(ids.map(deviceId => ({ deviceId })), true));
  assert.equal(removed.isSuccessful, true);
  assert.equal((await failure(registry.get(ids[0]))).name, 'DeviceNotFoundError');

  const known = unique();
  await registry.create({ deviceId: known });
  const error = await failure(registry.addDevices([{ deviceId: known }, { deviceId: unique() }]).then(reply => {
    assert.equal(reply.responseBody.isSuccessful, false);
    assert.equal(reply.responseBody.errors[0].errorCode, 'DeviceAlreadyExists');
    throw new Error('answered with 200 and the item\'s error');
  }));
  assert.ok(/answered with 200/.test(error.message) || error.name === 'ArgumentError');
});

test('too many devices in one bulk call are refused', async () => {
  const reply = await hub.send('POST', `/devices?${version}`, Array.from({ length: 101 }, (_, i) => ({ id: `x${i}`, importMode: 'create' })));
  assert.equal(reply.status, 413);
  assert.equal(reply.headers['iothub-errorcode'], 'TooManyDevices');
});

test('modules: add, get, list, update, remove', async () => {
  const deviceId = unique();
  await registry.create({ deviceId });
  const moduleId = unique('m');
  const added = await result(registry.addModule({ deviceId, moduleId }));
  assert.equal(added.moduleId, moduleId);
  assert.equal(added.authentication.type, 'sas');

  assert.deepEqual(await result(registry.getModule(deviceId, moduleId)), added);
  assert.deepEqual((await result(registry.getModulesOnDevice(deviceId))).map(module => module.moduleId), [moduleId]);

  const updated = await result(registry.updateModule({ ...added, managedBy: 'me' }));
  assert.equal(updated.managedBy, 'me');
  assert.equal((await failure(registry.addModule({ deviceId, moduleId }))).name, 'DeviceAlreadyExistsError');

  await registry.removeModule(deviceId, moduleId);
  await failure(registry.getModule(deviceId, moduleId));
  await failure(registry.addModule({ deviceId: unique(), moduleId }));
});

// Other scenarios make devices at the same time, so that only a server of its own can be counted on; azure-iothub dials port 443, where theirs is.
test('statistics count devices', async () => {
  assert.deepEqual(Object.values(await result(registry.getRegistryStatistics())).map(count => typeof count), ['number', 'number', 'number']);
  const server = await startServer(['--https-port', '0', '--mqtt-port', '0', '--amqp-port', '0']);
  try {
    const own = new Hub(server.connection);
    for (const status of ['enabled', 'enabled', 'disabled']) await own.createDevice(unique(), { status });
    assert.deepEqual(await own.call('GET', `/statistics/devices?${version}`), { totalDeviceCount: 3, enabledDeviceCount: 2, disabledDeviceCount: 1 });
    assert.deepEqual(await own.call('GET', `/statistics/service?${version}`), { connectedDeviceCount: 0 });
  } finally {
    await server.stop();
  }
});

for (const [policy, allowed] of [['registryRead', { read: true, write: false }], ['registryReadWrite', { read: true, write: true }], ['service', { read: false, write: false }], ['device', { read: false, write: false }]]) {
  test(`policy ${policy} may ${allowed.read ? '' : 'not '}read and may ${allowed.write ? '' : 'not '}write`, async () => {
    const { primaryKey } = await hub.call('GET', `/gatehouse/v1/policies/${policy}`);
    const limited = iothub.Registry.fromConnectionString(`HostName=${hub.host};SharedAccessKeyName=${policy};SharedAccessKey=${primaryKey}`);
    const outcome = async promise => { try { await promise; return 'done'; } catch (error) { return error.name; } };
    assert.equal(await outcome(limited.list()), allowed.read ? 'done' : 'UnauthorizedError');
    assert.equal(await outcome(limited.create({ deviceId: unique() })), allowed.write ? 'done' : 'UnauthorizedError');
  });
}

test('a wrong key, an unknown policy and no token are refused alike', async () => {
  const wrong = key => iothub.Registry.fromConnectionString(`HostName=${hub.host};SharedAccessKeyName=${key};SharedAccessKey=${Buffer.alloc(32).toString('base64')}`);
  for (const name of ['iothubowner', 'nobody']) assert.equal((await failure(wrong(name).list())).name, 'UnauthorizedError');
  const reply = await hub.send('GET', `/devices?${version}`, undefined, { Authorization: '' });
  assert.equal(reply.status, 401);
  assert.equal(reply.headers['iothub-errorcode'], 'IotHubUnauthorizedAccess');
  assert.match(reply.body.Message, /^ErrorCode:IotHubUnauthorizedAccess;/);
});
