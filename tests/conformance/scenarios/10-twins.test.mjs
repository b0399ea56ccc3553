// azure-iothub's Registry and Twin, unmodified: reading, merging, replacing, conditions, modules, bulk; and twins that outlive kill -9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import iothub from 'azure-iothub';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

const hub = Hub.running();
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const twinOf = async (...ids) => (await (ids.length > 1 ? registry.getModuleTwin(...ids) : registry.getTwin(...ids))).responseBody;
const desiredOf = twin => Object.fromEntries(Object.entries(twin.properties.desired).filter(([key]) => !key.startsWith('$')));

test('the twin of a new device', async () => {
  const identity = await hub.createDevice(unique('t'));
  const twin = await twinOf(identity.deviceId);
  assert.equal(twin.deviceId, identity.deviceId);
  assert.equal(twin.deviceEtag, identity.etag);
  assert.equal(twin.version, 2);
  assert.deepEqual(twin.tags, {});
  assert.equal(twin.properties.desired.$version, 1);
  assert.equal(twin.properties.reported.$version, 1);
  assert.equal(twin.properties.desired.$metadata.$lastUpdated, '0001-01-01T00:00:00Z');
  assert.equal(twin.connectionState, 'Disconnected');
});

test('Twin.update merges, null removes, and the object takes over what the hub answers', async () => {
  const { deviceId } = await hub.createDevice(unique('t'));
  const twin = await twinOf(deviceId);
  await twin.update({ tags: { site: { hall: 7, rack: 'b' } }, properties: { desired: { interval: 30, list: [1, { a: null }] } } });
  assert.equal(twin.properties.desired.$version, 2);
  assert.equal(twin.properties.desired.$metadata.interval.$lastUpdatedVersion, 2);
  await twin.update({ tags: { site: { hall: null } }, properties: { desired: { interval: null, list: ['x'] } } });
  const read = await twinOf(deviceId);
  assert.deepEqual(read.tags, { site: { rack: 'b' } });
  assert.deepEqual(desiredOf(read), { list: ['x'] });
  assert.equal(read.version, 4);
  assert.equal(read.etag, twin.etag);
});

test('an old ETag is refused, and so is what may not be in a twin', async () => {
  const { deviceId } = await hub.createDevice(unique('t'));
  const { etag } = await twinOf(deviceId);
  await registry.updateTwin(deviceId, { tags: { a: 1 } }, etag);
  assert.equal((await failure(registry.updateTwin(deviceId, { tags: { a: 2 } }, etag))).name, 'InvalidEtagError');
  assert.equal((await failure(registry.updateTwin(deviceId, { tags: { 'a.b': 2 } }, '*'))).name, 'ArgumentError');
  assert.equal((await failure(registry.updateTwin(unique(), { tags: {} }, '*'))).name, 'DeviceNotFoundError');
  assert.equal((await failure(registry.getTwin(unique()))).name, 'DeviceNotFoundError');
  assert.deepEqual((await twinOf(deviceId)).tags, { a: 1 });
});

test('a replacement sent back as it was read removes nothing, and one without a section empties it', async () => {
  const { deviceId } = await hub.createDevice(unique('t'));
  await registry.updateTwin(deviceId, { tags: { a: 1 }, properties: { desired: { b: { c: 1.5 } } } }, '*');
  const read = (await hub.call('GET', `/twins/${deviceId}?api-version=2021-04-12`));
  const same = await hub.call('PUT', `/twins/${deviceId}?api-version=2021-04-12`, read, { 'If-Match': `"${read.etag}"` });
  assert.deepEqual([same.tags, desiredOf(same)], [read.tags, desiredOf(read)]);
  const emptied = await hub.call('PUT', `/twins/${deviceId}?api-version=2021-04-12`, { tags: { z: true } });
  assert.deepEqual([emptied.tags, desiredOf(emptied)], [{ z: true }, {}]);
});

test('a module has a twin of its own', async () => {
  const { deviceId } = await hub.createDevice(unique('t'));
  await hub.createModule(deviceId, 'm1');
  await registry.updateModuleTwin(deviceId, 'm1', { properties: { desired: { m: 1 } } }, '*');
  assert.deepEqual(desiredOf(await twinOf(deviceId, 'm1')), { m: 1 });
  assert.deepEqual(desiredOf(await twinOf(deviceId)), {});
});

test('addDevices takes twins along', async () => {
  const deviceId = unique('t');
  const answer = await hub.call('POST', '/devices?api-version=2021-04-12', [{ id: deviceId, importMode: 'create', tags: { a: 1 }, properties: { desired: { b: 2 } } }]);
  assert.equal(answer.isSuccessful, true, JSON.stringify(answer));
  const twin = await twinOf(deviceId);
  assert.deepEqual([twin.tags, desiredOf(twin)], [{ a: 1 }, { b: 2 }]);
});

test('no acknowledged update of desired properties is lost in 10 rounds of kill -9', { timeout: 300_000 }, async () => {
  const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
  let server = await startServer(ports);
  await new Hub(server.connection).createDevice('crash');
  let acknowledged = 0;
  let sent = 0;
  for (let round = 0; round < 10; round++) {
    const own = new Hub(server.connection);
    const writing = (async () => {
      for (;;) {
        const number = ++sent;
        await own.call('PATCH', '/twins/crash?api-version=2021-04-12', { tags: { number }, properties: { desired: { number } } });
        acknowledged = number;
      }
    })().catch(() => { /* the server is gone */ });
    const before = acknowledged;
    await until('three more', () => acknowledged >= before + 3);
    await sleep(Math.random() * 200);
    await server.kill();
    await writing;
    server = await startServer(ports, undefined, server.data);
    const twin = await new Hub(server.connection).call('GET', '/twins/crash?api-version=2021-04-12');
    assert.ok(twin.tags.number >= acknowledged, `round ${round}: ${twin.tags.number} < ${acknowledged}`);
    assert.equal(twin.properties.desired.number, twin.tags.number);
  }
  assert.equal((await new Hub(server.connection).call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
  await server.stop();
});
