// Automatic device management with azure-iothub's Registry and azure-iot-device, unmodified: configurations, what devices hear of them, Edge deployments, and sweeps that outlive kill -9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { startServer, until } from '../lib/server.mjs';

const hub = Hub.running();
const registry = iothub.Registry.fromConnectionString(hub.connectionString);
const version = 'api-version=2021-04-12';
const twinOf = async (...ids) => (await (ids.length > 1 ? registry.getModuleTwin(...ids) : registry.getTwin(...ids))).responseBody;
const desiredOf = twin => Object.fromEntries(Object.entries(twin.properties.desired).filter(([key]) => !key.startsWith('$')));
const metric = async (id, name) => (await registry.getConfiguration(id)).responseBody.systemMetrics.results[name];

function configuration(targetCondition, content, more = {}) {
  return { id: unique('c'), content, targetCondition, priority: 10, ...more };
}

test('a configuration is added, read, updated by its ETag or by force, listed and removed', async () => {
  const made = configuration("tags.none = 'such'", { deviceContent: { 'properties.desired.chiller.temperature': 21.5 } }, {
    labels: { app: 'demo' }, metrics: { queries: { pending: "SELECT deviceId FROM devices WHERE properties.reported.status = 'pending'" }, results: {} } });
  const added = (await registry.addConfiguration(made)).responseBody;
  assert.equal(added.schemaVersion, '1.0');
  assert.deepEqual(added.content, made.content);
  const read = (await registry.getConfiguration(made.id)).responseBody;
  assert.deepEqual([read.labels, read.priority, read.targetCondition], [{ app: 'demo' }, 10, "tags.none = 'such'"]);
  assert.deepEqual(read.metrics, { results: { pending: 0 }, queries: made.metrics.queries });
  assert.equal(read.systemMetrics.results.targetedCount, 0);
  assert.equal((await failure(registry.addConfiguration(made))).name, 'DeviceAlreadyExistsError');

  const updated = (await registry.updateConfiguration({ ...read, priority: 11 })).responseBody;
  assert.deepEqual([updated.priority, updated.content], [11, made.content]);
  assert.equal((await failure(registry.updateConfiguration({ ...read, priority: 12 }))).name, 'InvalidEtagError');
  assert.equal((await registry.updateConfiguration({ ...read, priority: 12 }, true)).responseBody.priority, 12);
  assert.ok((await registry.getConfigurations()).responseBody.some(each => each.id === made.id));
  await registry.removeConfiguration(made.id);
  assert.equal((await failure(registry.getConfiguration(made.id))).response.headers['iothub-errorcode'], 'ConfigurationNotFound');
});

test('what is no configuration is refused', async () => {
  const good = { deviceContent: { 'properties.desired.a': 1 } };
  assert.equal((await failure(registry.addConfiguration(configuration('tags.a =', good)))).name, 'ArgumentError');
  assert.equal((await failure(registry.addConfiguration(configuration('*', { deviceContent: { 'tags.a': 1 } })))).name, 'ArgumentError');
  assert.equal((await failure(registry.addConfiguration({ ...configuration('*', good), id: 'Upper' }))).name, 'ArgumentError');
  const tested = await hub.call('POST', `/configurations/testQueries?${version}`, { targetCondition: 'tags.a = 1', customMetricQueries: { bad: 'SELECT' } });
  assert.equal(tested.targetConditionError, null);
  assert.ok(tested.customMetricQueryErrors.bad);
});

test('a connected device hears what a configuration sets, of a tag, of a report and of the end', async () => {
  const tag = unique();
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), mqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  await client.open();
  try {
    const twin = await client.getTwin();
    const heard = [];
    twin.on('properties.desired', patch => heard.push(patch));
    await until('the first word', () => heard.length > 0);
    const byTag = configuration(`tags.site = '${tag}'`, { deviceContent: { 'properties.desired.interval': 5, 'properties.desired.deep.er': { x: [1] } } });
    const byReport = configuration(`tags.site = '${tag}' AND properties.reported.firmware < 2`, { deviceContent: { 'properties.desired.update': { to: 2 } } }, { priority: 20 });
    await registry.addConfiguration(byTag);
    await registry.addConfiguration(byReport);
    await registry.updateTwin(identity.deviceId, { tags: { site: tag } }, '*');
    await until('the tag', () => heard.some(patch => patch.interval === 5 && patch.deep.er.x[0] === 1));
    await new Promise((done, fail) => { twin.properties.reported.update({ firmware: 1 }, error => (error ? fail(error) : done())); });
    await until('the report', () => heard.some(patch => patch.update?.to === 2));
    const { rows } = { rows: (await registry.createQuery(`SELECT deviceId FROM devices WHERE configurations.[[${byReport.id}]].status = 'Applied'`).next()).result };
    assert.deepEqual(rows, [{ deviceId: identity.deviceId }]);
    assert.deepEqual((await twinOf(identity.deviceId)).configurations, { [byReport.id]: { status: 'Applied' }, [byTag.id]: { status: 'Applied' } });
    await new Promise((done, fail) => { twin.properties.reported.update({ firmware: 2 }, error => (error ? fail(error) : done())); });
    await until('the end of the update', () => heard.some(patch => patch.update === null));
    await registry.removeConfiguration(byTag.id);
    await until('the removal', () => heard.some(patch => patch.interval === null));
    assert.deepEqual(desiredOf(await twinOf(identity.deviceId)), {});
    await registry.removeConfiguration(byReport.id);
  } finally {
    await client.close();
  }
});

test('the higher priority wins, and metrics tell', async () => {
  const prefix = unique();
  const ids = [1, 2, 3].map(i => `${prefix}-${i}`);
  await registry.addDevices(ids.map(deviceId => ({ deviceId })));
  const low = configuration(`deviceId IN [${ids.map(id => `'${id}'`)}]`, { deviceContent: { 'properties.desired.mode': 'low' } }, { priority: 1 });
  const high = configuration(`deviceId = '${ids[0]}'`, { deviceContent: { 'properties.desired.mode': 'high' } }, { priority: 2 });
  await registry.addConfiguration(low);
  await registry.addConfiguration(high);
  await until('all three', async () => (await twinOf(ids[0])).properties.desired.mode === 'high' && (await twinOf(ids[2])).properties.desired.mode === 'low');
  await until('the metrics', async () => await metric(low.id, 'targetedCount') === 3 && await metric(low.id, 'appliedCount') === 2);
  assert.equal((await twinOf(ids[0])).configurations[low.id].status, 'Targeted');
  await registry.removeConfiguration(high.id);
  await until('the next priority', async () => (await twinOf(ids[0])).properties.desired.mode === 'low');
  await registry.removeConfiguration(low.id);
});

test('modules are configured by a condition of their own', async () => {
  const { deviceId } = await hub.createDevice();
  await hub.createModule(deviceId, 'camera');
  const made = configuration(`FROM devices.modules WHERE deviceId = '${deviceId}' AND moduleId = 'camera'`, { moduleContent: { 'properties.desired.zoom': 3 } });
  await registry.addConfiguration(made);
  await until('the module', async () => (await twinOf(deviceId, 'camera')).properties.desired.zoom === 3);
  await registry.removeConfiguration(made.id);
});

test('an Edge device gets its deployment, layers and content of its own', async () => {
  const tag = unique();
  const deviceId = unique('edge');
  await registry.create({ deviceId, capabilities: { iotEdge: true } });
  const agent = { schemaVersion: '1.1', runtime: { type: 'docker' }, systemModules: {}, modules: { sensor: { type: 'docker', settings: { image: 'sensor:1' } } } };
  const base = configuration(`tags.site = '${tag}'`, { modulesContent: { $edgeAgent: { 'properties.desired': agent }, $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: {} } }, sensor: { 'properties.desired.rate': 1 } } });
  const layer = configuration(`tags.site = '${tag}'`, { modulesContent: { $edgeAgent: { 'properties.desired.modules.filter': { type: 'docker' } }, $edgeHub: { 'properties.desired.routes.up': 'FROM /* INTO $upstream' } } }, { priority: 11 });
  await registry.addConfiguration(base);
  await registry.addConfiguration(layer);
  await registry.updateTwin(deviceId, { tags: { site: tag } }, '*');
  await until('the layer', async () => (await twinOf(deviceId, '$edgeAgent')).properties.desired.modules?.filter);
  assert.deepEqual((await twinOf(deviceId, '$edgeAgent')).properties.desired.modules.sensor.settings, { image: 'sensor:1' });
  assert.equal((await twinOf(deviceId, '$edgeHub')).properties.desired.routes.up, 'FROM /* INTO $upstream');
  assert.equal((await twinOf(deviceId, 'sensor')).properties.desired.rate, 1);
  const modules = (await registry.getModulesOnDevice(deviceId)).responseBody;
  assert.deepEqual(modules.map(each => each.moduleId).sort(), ['$edgeAgent', '$edgeHub', 'filter', 'sensor']);
  assert.ok(modules.every(each => each.managedBy === 'iotEdge'));
  await until('the metrics', async () => await metric(base.id, 'appliedCount') === 1);
  await registry.removeConfiguration(layer.id);
  await until('the end of the layer', async () => !(await twinOf(deviceId, '$edgeAgent')).properties.desired.modules.filter);
  await registry.removeConfiguration(base.id);

  await registry.applyConfigurationContentOnDevice(deviceId, { modulesContent: { $edgeAgent: { 'properties.desired': { ...agent, modules: {} } }, $edgeHub: { 'properties.desired': { routes: {} } } } });
  assert.deepEqual((await twinOf(deviceId, '$edgeAgent')).properties.desired.modules, {});
  const leaf = await hub.createDevice();
  assert.equal((await failure(registry.applyConfigurationContentOnDevice(leaf.deviceId, base.content))).name, 'ArgumentError');
});

test('a sweep goes on after kill -9, and each twin is written once', async () => {
  const ports = ['--https-port', '0', '--mqtt-port', '0', '--amqp-port', '0'];
  let server = await startServer(ports);
  const count = 3000;
  let own = new Hub(server.connection);
  for (let from = 0; from < count; from += 100) {
    await own.call('POST', `/devices?${version}`, [...Array(100).keys()].map(i => ({ id: `d${from + i}`, importMode: 'create', status: 'enabled' })));
  }
  await own.call('PUT', `/configurations/sweep?${version}`, configuration('*', { deviceContent: { 'properties.desired.a': 1 } }, { id: 'sweep' }));
  const applied = async () => (await own.call('POST', `/devices/query?${version}`, { query: 'SELECT COUNT() AS n FROM devices WHERE properties.desired.a = 1' }))[0].n;
  const before = await until('the beginning', applied);
  await server.kill();
  assert.ok(before < count, 'the sweep had ended before the kill');
  server = await startServer(ports, undefined, server.data);
  own = new Hub(server.connection);
  await until('the whole', async () => await applied() === count);
  const versions = await own.call('POST', `/devices/query?${version}`, { query: 'SELECT version, COUNT() AS n FROM devices GROUP BY version' });
  assert.deepEqual(versions, [{ version: 3, n: count }]);
  await own.call('PUT', `/devices/late?${version}`, { deviceId: 'late' });
  await until('the late one', async () => await applied() === count + 1);
  await server.stop();
});
