// azure-iothub's queries, unmodified: createQuery, nextAsTwin, paging with continuation tokens, projections, errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import iothub from 'azure-iothub';
import { failure, Hub, unique } from '../lib/hub.mjs';

const hub = Hub.running();
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const all = async (text, size) => {
  const query = registry.createQuery(text, size);
  const pages = [];
  while (query.hasMoreResults) pages.push((await query.nextAsTwin()).result);
  return { rows: pages.flat(), pages: pages.length };
};

test('pages of a query join to the whole answer', async () => {
  const prefix = unique();
  const ids = [...Array(7).keys()].map(i => `${prefix}-${i}`);
  await registry.addDevices(ids.map(deviceId => ({ deviceId })));
  const text = `SELECT * FROM devices WHERE deviceId IN [${ids.map(id => `'${id}'`).join(', ')}]`;

  for (const size of [3, 7, 100]) {
    const { rows, pages } = await all(text, size);
    assert.deepEqual(rows.map(twin => twin.deviceId), ids);
    assert.equal(pages, Math.ceil(7 / size));
  }

  const [twin] = (await all(text)).rows;
  assert.equal(twin.status, 'enabled');
  assert.equal(twin.properties.desired.$version, 1);
  assert.equal(typeof twin.etag, 'string');
});

test('a condition that only memory can judge pages as any other', async () => {
  const prefix = unique();
  const ids = [...Array(5).keys()].map(i => `${prefix}-${i}`);
  await registry.addDevices(ids.map(deviceId => ({ deviceId })));
  const { rows } = await all(`SELECT * FROM devices WHERE STARTS_WITH(deviceId, '${prefix}')`, 2);
  assert.deepEqual(rows.map(twin => twin.deviceId), ids);
});

test('projections and aggregates', async () => {
  const deviceId = unique();
  await registry.create({ deviceId });
  await registry.addModule({ deviceId, moduleId: 'm1', managedBy: '' });
  const raw = async text => (await registry.createQuery(text).next()).result;
  assert.deepEqual(await raw(`SELECT deviceId, status AS s FROM devices WHERE deviceId = '${deviceId}'`), [{ deviceId, s: 'enabled' }]);
  assert.deepEqual(await raw(`SELECT COUNT() AS n FROM devices WHERE deviceId = '${deviceId}'`), [{ n: 1 }]);
  assert.deepEqual(await raw(`SELECT moduleId FROM devices.modules WHERE deviceId = '${deviceId}'`), [{ moduleId: 'm1' }]);
  assert.deepEqual(await raw(`SELECT status, COUNT() AS n FROM devices WHERE deviceId = '${deviceId}' GROUP BY status`), [{ status: 'enabled', n: 1 }]);
});

test('the header names the type of the items', async () => {
  const ask = async query => (await hub.send('POST', '/devices/query?api-version=2021-04-12', { query })).headers;
  assert.equal((await ask('SELECT * FROM devices'))['x-ms-item-type'], 'Twin');
  assert.equal((await ask('SELECT COUNT() FROM devices'))['x-ms-item-type'], 'Raw');
});

test('what is no query is an argument error with its position', async () => {
  const error = await failure(registry.createQuery("SELECT * FROM devices WHERE tags.x = 'open").next());
  assert.equal(error.name, 'ArgumentError');
  assert.match(JSON.stringify(error.responseBody ?? error.message), /position 38/);
});
