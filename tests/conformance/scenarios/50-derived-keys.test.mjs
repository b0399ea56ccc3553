// Derived device keys: unmodified SDKs create, connect, read, change and write as ever; keys of their own are refused; a restart after kill -9 gives the same keys, and no file of the server holds one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import iothub from 'azure-iothub';
import { commandLine } from '../lib/cli.mjs';
import { closing, transports } from '../lib/device-steps.mjs';
import { failure, Hub } from '../lib/hub.mjs';
import { derive, register, serviceClient, withKey } from '../lib/provisioning.mjs';
import { startServer, until } from '../lib/server.mjs';

const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
let server = await startServer(ports);
let hub = new Hub(server.connection);
let registry = iothub.Registry.fromConnectionString(hub.connectionString);
const gatehouse = (...args) => commandLine(server.data)(...args);
const result = async promise => (await promise).responseBody;
const key = () => randomBytes(32).toString('base64');
const keysOf = identity => identity.authentication.symmetricKey;
const withKeys = (identity, primaryKey, secondaryKey) => ({ ...identity, authentication: { type: 'sas', symmetricKey: { primaryKey, secondaryKey } } });
after(() => server.stop());

// azure-iothub and the provisioning client dial port 443 and nothing else, which another server of this run has.
const dial = https.Agent.prototype.createConnection;
https.Agent.prototype.createConnection = function createConnection(options, done) { return dial.call(this, { ...options, port: server.connection.ports.https, ca: hub.ca }, done); };

/** A message that is taken shows that the key is good. */
async function sends(identity, transport, primaryKey = keysOf(identity).primaryKey) {
  const port = server.connection.ports[transport === transports.Mqtt ? 'mqtt' : 'amqp'];
  const Client = identity.moduleId ? device.ModuleClient : device.Client;
  const client = Client.fromConnectionString(`${hub.deviceConnectionString(withKeys(identity, primaryKey, primaryKey))};GatewayHostName=${hub.host}:${port}`, transport);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  try {
    await client.setOptions({ ca: hub.ca });
    await client.open();
    await client.sendEvent(new device.Message('x'));
  } finally {
    await closing(client).catch(() => {});
  }
}

test('a device from before goes on with its stored keys, which are counted', async () => {
  const old = await result(registry.create({ deviceId: 'old' }));
  const drill = await gatehouse('strict', 'set', '--device-keys', 'derived', '--drill');
  assert.deepEqual([drill.storedCount, drill.stored, drill.strictness.deviceKeys, drill.danger], [1, ['old'], 'derived', null]);
  assert.equal((await gatehouse('strict', 'show')).deviceKeys, 'stored');

  await gatehouse('strict', 'set', '--device-keys', 'derived');

  const shown = await gatehouse('strict', 'show');
  assert.deepEqual([shown.deviceKeys, shown.storedKeyCount], ['derived', 1]);
  assert.deepEqual((await result(registry.get('old'))).authentication, old.authentication);
  await sends(old, transports.Mqtt);
});

for (const [name, transport] of Object.entries({ mqtt: transports.Mqtt, amqp: transports.Amqp })) {
  test(`over ${name} a new device and its module connect, are read, changed and written, and have new keys where one is regenerated`, { timeout: 300_000 }, async () => {
    const deviceId = `derived-${name}`;
    const made = await result(registry.create({ deviceId }));
    const module = await result(registry.addModule({ deviceId, moduleId: 'm1' }));
    assert.equal(new Set([...Object.values(keysOf(made)), ...Object.values(keysOf(module))]).size, 4);
    for (const identity of [made, module]) {
      for (const each of Object.values(keysOf(identity))) {
        assert.equal(Buffer.from(each, 'base64').length, 32);
        await sends(identity, transport, each);
      }
    }

    // What SDKs do: read, change, write the whole.
    const read = await result(registry.get(deviceId));
    assert.deepEqual(read.authentication, made.authentication);
    const off = await result(registry.update({ ...read, status: 'disabled' }));
    assert.deepEqual([off.status, off.authentication], ['disabled', made.authentication]);
    await assert.rejects(sends(made, transport));
    assert.deepEqual((await result(registry.update({ ...off, status: 'enabled' }))).authentication, made.authentication);
    assert.deepEqual((await result(registry.updateModule({ ...module, managedBy: 'a' }))).authentication, module.authentication);
    await sends(made, transport);

    for (const refused of [
      () => registry.create(withKeys({ deviceId: `own-${name}` }, key(), key())),
      () => registry.addModule(withKeys({ deviceId, moduleId: 'own' }, key(), key())),
      () => registry.update(withKeys(read, keysOf(made).primaryKey, key())),
      () => registry.update(withKeys(read, key(), keysOf(made).secondaryKey)),
    ]) {
      const error = await failure(refused());
      assert.equal(error.name, 'ArgumentError');
      assert.match(error.responseBody ?? error.message, /takes no keys that others have made/);
    }
    assert.equal((await failure(registry.get(`own-${name}`))).name, 'DeviceNotFoundError');
    const bulk = await result(registry.addDevices([withKeys({ deviceId: `bulk-own-${name}` }, key(), key()), { deviceId: `bulk-${name}` }])).catch(error => error);
    assert.match(JSON.stringify(bulk.responseBody ?? bulk), /ArgumentInvalid|400004/);
    assert.equal(keysOf(await result(registry.get(`bulk-${name}`))).primaryKey.length, 44);

    await hub.call('POST', '/devices/keys/regenerate?api-version=2024-03-31', { policyKey: 'primaryKey', devices: [{ id: deviceId }] });
    const renewed = await result(registry.get(deviceId));
    assert.notEqual(keysOf(renewed).primaryKey, keysOf(made).primaryKey);
    assert.equal(keysOf(renewed).secondaryKey, keysOf(made).secondaryKey);
    await sends(renewed, transport);
    await assert.rejects(sends(made, transport));
    await sends(made, transport, keysOf(made).secondaryKey);

    await registry.delete(deviceId);
    const anew = await result(registry.create({ deviceId }));
    assert.ok(Object.values(keysOf(anew)).every(each => !Object.values(keysOf(renewed)).includes(each)));
  });
}

test('a device that is enrolled with a key is refused, and its record says why', async () => {
  const service = serviceClient(hub);
  const { responseBody: made } = await service.createOrUpdateEnrollmentGroup({ enrollmentGroupId: 'g', attestation: { type: 'symmetricKey' } });
  await register(hub, withKey('enrolled', derive(made.attestation.symmetricKey.primaryKey, 'enrolled'))).catch(() => {});
  const state = await until('the record', async () => (await service.getDeviceRegistrationState('enrolled').catch(() => null))?.responseBody);
  assert.equal(state.status, 'failed');
  assert.match(state.errorMessage, /takes no keys that others have made/);
  assert.equal((await failure(registry.get('enrolled'))).name, 'DeviceNotFoundError');
});

test('after kill -9 the keys are the same, open the same doors, and are in no file', { timeout: 300_000 }, async () => {
  const made = await result(registry.create({ deviceId: 'killed' }));
  const module = await result(registry.addModule({ deviceId: 'killed', moduleId: 'm1' }));
  const all = [...Object.values(keysOf(made)), ...Object.values(keysOf(module))];
  assert.deepEqual(found(all), []);
  await server.kill();
  assert.deepEqual(found(all), []);

  server = await startServer(ports, undefined, server.data);
  hub = new Hub(server.connection);
  registry = iothub.Registry.fromConnectionString(hub.connectionString);

  assert.equal((await gatehouse('strict', 'show')).deviceKeys, 'derived');
  assert.deepEqual((await result(registry.get('killed'))).authentication, made.authentication);
  for (const transport of [transports.Mqtt, transports.Amqp]) {
    await sends(made, transport);
    await sends(module, transport, keysOf(module).secondaryKey);
  }
  assert.deepEqual(found(all), []);
  assert.equal((await hub.call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
});

/** Which of these keys are in a file of the server, as bytes or as text. The id of the device is: the files that matter are among them. */
function found(keys) {
  const files = fs.readdirSync(server.data, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath ?? entry.path, entry.name));
  const contents = files.map(file => { try { return fs.readFileSync(file); } catch { return Buffer.alloc(0); } });
  assert.ok(contents.some(content => content.includes('killed')));
  return keys.filter(each => [Buffer.from(each, 'base64'), Buffer.from(each), Buffer.from(each, 'utf16le')].some(bytes => contents.some(content => content.includes(bytes))));
}
