// A second server as a linked hub: devices are assigned to it, connect there with the unmodified client, and move between the two. Own second server, own data.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import provisioningMqtt from 'azure-iot-provisioning-device-mqtt';
import { folder } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { register, send, withKey } from '../lib/provisioning.mjs';
import { startServer, until } from '../lib/server.mjs';

// What devices are told; ports of 8883 and 443 are taken by the first server.
const address = '127.0.0.2';
const hub = Hub.running();
const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
let server;
let other;

before(async () => {
  server = await startServer(['--host-name', address, '--https-port', '0', '--mqtt-port', '0', '--amqp-port', '0']);
  other = new Hub(server.connection);
  const there = commandLine(server.data);
  await there('policy', 'create', 'provisioning', '--rights', 'RegistryWrite,ServiceConnect');
  const { connectionString } = await there('policy', 'connection-string', 'provisioning');
  const file = path.join(folder, 'other-hub.txt');
  fs.writeFileSync(file, connectionString.replace(/HostName=[^;]*/, `HostName=${address}:${server.connection.ports.https}`));
  const linked = await gatehouse('dps', 'linked-hub', 'create', address, '--connection-string-from', file, '--hub-ca-file', server.connection.caFile, '--apply-allocation-policy', 'false');
  assert.match(linked.connectionString, /SharedAccessKey=\*\*\*\*$/);
});

after(async () => {
  await gatehouse('dps', 'linked-hub', 'delete', address, '--force');
  await server?.stop();
});

const identity = async (where, id) => (await where.send('GET', `/devices/${id}?api-version=2021-04-12`)).body;
const twin = async (where, id) => await where.call('GET', `/twins/${id}?api-version=2021-04-12`);

/** Connects with the device client to the hub that it was told, at the port that this one has, and sends. */
async function sendThere(id, key) {
  const port = server.connection.ports.mqtt;
  const client = device.Client.fromConnectionString(`HostName=${address};DeviceId=${id};SharedAccessKey=${key};GatewayHostName=${address}:${port}`, mqtt.Mqtt);
  try {
    await client.setOptions({ ca: other.ca });
    await client.open();
    await client.sendEvent(new device.Message('from there'));
  } finally {
    await client.close();
  }
  return (await other.events(id, 1))[0];
}

test('a device is assigned to a hub on another server, with keys and twin, and connects there', async () => {
  const id = unique('far');
  await gatehouse('enrollment', 'create', id, '--iot-hubs', address, '--initial-twin-tags', '{"site":"north"}', '--initial-twin-properties', '{"interval":5}');
  const { primaryKey } = await gatehouse('enrollment', 'keys', id);

  const result = await register(hub, withKey(id, primaryKey), new provisioningMqtt.Mqtt());

  assert.equal(result.assignedHub, address);
  assert.equal((await identity(other, id)).authentication.symmetricKey.primaryKey, primaryKey);
  const { tags, properties } = await twin(other, id);
  assert.equal(tags.site, 'north');
  assert.equal(properties.desired.interval, 5);
  assert.equal((await hub.send('GET', `/devices/${id}?api-version=2021-04-12`)).status, 404);
  await sendThere(id, primaryKey);
});

test('a device moves there and back with what was written into its twin meanwhile', async () => {
  const id = unique('move');
  await gatehouse('enrollment', 'create', id, '--iot-hubs', hub.host, '--initial-twin-tags', '{"site":"north"}');
  const { primaryKey } = await gatehouse('enrollment', 'keys', id);
  await send(hub, await register(hub, withKey(id, primaryKey)), primaryKey);
  await hub.call('PATCH', `/twins/${id}?api-version=2021-04-12`, { tags: { here: true } });

  await gatehouse('enrollment', 'update', id, '--iot-hubs', address);
  assert.equal((await register(hub, withKey(id, primaryKey))).assignedHub, address);
  assert.deepEqual((await twin(other, id)).tags, { site: 'north', here: true });
  assert.equal((await hub.send('GET', `/devices/${id}?api-version=2021-04-12`)).status, 404);

  await other.call('PATCH', `/twins/${id}?api-version=2021-04-12`, { tags: { there: true } });
  await gatehouse('enrollment', 'update', id, '--iot-hubs', hub.host);
  await send(hub, await register(hub, withKey(id, primaryKey)), primaryKey);
  assert.deepEqual((await twin(hub, id)).tags, { site: 'north', here: true, there: true });
  assert.equal((await other.send('GET', `/devices/${id}?api-version=2021-04-12`)).status, 404);
});

test('a device starts over at another hub, or keeps its hub, as its reprovision policy says', async () => {
  const [anew, stays] = [unique('anew'), unique('stays')];
  const comes = async (id, policy) => {
    await gatehouse('enrollment', 'create', id, '--iot-hubs', hub.host, '--reprovision-policy', policy, '--initial-twin-tags', '{"site":"north"}');
    const { primaryKey } = await gatehouse('enrollment', 'keys', id);
    await send(hub, await register(hub, withKey(id, primaryKey)), primaryKey);
    await hub.call('PATCH', `/twins/${id}?api-version=2021-04-12`, { tags: { here: true } });
    await gatehouse('enrollment', 'update', id, '--iot-hubs', address);
    return [await register(hub, withKey(id, primaryKey)), primaryKey];
  };

  const [reset, resetKey] = await comes(anew, 'reprovisionandresetdata');
  assert.deepEqual([reset.assignedHub, reset.substatus, (await twin(other, anew)).tags], [address, 'deviceDataReset', { site: 'north' }]);
  await sendThere(anew, resetKey);
  assert.equal((await failure(send(hub, { assignedHub: hub.host, deviceId: anew }, resetKey))).name, 'UnauthorizedError');

  const [kept, keptKey] = await comes(stays, 'never');
  assert.deepEqual([kept.assignedHub, (await twin(hub, stays)).tags], [hub.host, { site: 'north', here: true }]);
  await send(hub, kept, keptKey);
  assert.equal((await other.send('GET', `/devices/${stays}?api-version=2021-04-12`)).status, 404);
});

test('a hub that is killed: its devices are told to come again, others register, and nothing is lost when it is back', { timeout: 300_000 }, async () => {
  const [far, near] = [unique('far'), unique('near')];
  await gatehouse('enrollment', 'create', far, '--iot-hubs', address, '--initial-twin-tags', '{"site":"north"}');
  await gatehouse('enrollment', 'create', near, '--iot-hubs', hub.host);
  const [{ primaryKey: farKey }, { primaryKey: nearKey }] = [await gatehouse('enrollment', 'keys', far), await gatehouse('enrollment', 'keys', near)];
  const ports = server.connection.ports;
  await server.kill();

  await failure(register(hub, withKey(far, farKey)));
  const { registrationState } = await gatehouse('enrollment', 'show', far);
  assert.equal(registrationState.errorCode, 500202);
  await send(hub, await register(hub, withKey(near, nearKey)), nearKey);

  server = await startServer(['--host-name', address, '--https-port', `${ports.https}`, '--mqtt-port', '0', '--amqp-port', '0'], undefined, server.data);
  other = new Hub(server.connection);
  const result = await until('the registration', async () => {
    try { return await register(hub, withKey(far, farKey)); } catch { return null; }
  });
  assert.equal(result.assignedHub, address);
  assert.equal((await twin(other, far)).tags.site, 'north');
});

test('a hub that devices have is not unlinked without force', async () => {
  assert.match((await failure(gatehouse('dps', 'linked-hub', 'delete', address))).stderr, /Devices are assigned to the hub/);
});
