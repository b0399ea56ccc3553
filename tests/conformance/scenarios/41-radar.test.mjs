// What the radar says before a change is what then happens to SDKs: a small fleet over SAS, X.509 and TLS 1.2, the change, and every device tries again. Own server, own data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { make, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer } from '../lib/server.mjs';

const byAuthority = { authentication: { type: 'certificateAuthority' } };

/** Whether the SDK gets in with this connection string, and sends. */
async function getsIn(text, options) {
  const client = device.Client.fromConnectionString(text, mqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  client.on('error', () => {});
  if (options) await client.setOptions(options);
  try {
    await client.open();
    await client.sendEvent(new device.Message('x'));
    return true;
  } catch {
    return false;
  } finally {
    await client.close().catch(() => {});
  }
}

const failing = (page, ours) => page.value.filter(each => each.outcome === 'fails' && ours.includes(each.deviceId)).map(each => each.deviceId).sort();

async function failed(fleet) {
  const names = [];
  for (const [name, connect] of Object.entries(fleet)) if (!await connect()) names.push(name);
  return names.sort();
}

test('the radar names the SDKs that fail without a key and without a CA', { timeout: 300_000 }, async () => {
  const hub = Hub.running();
  const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
  const [old, kept] = [make('radar old root', { isAuthority: true }), make('radar kept root', { isAuthority: true })];
  await uploadVerified(hub, 'radar-41-old', old);
  await uploadVerified(hub, 'radar-41-kept', kept);
  const [one, two] = [await hub.createDevice('radar-41-primary'), await hub.createDevice('radar-41-secondary')];
  for (const id of ['radar-41-old', 'radar-41-kept', 'radar-41-never']) await hub.createDevice(id, byAuthority);
  const sas = (id, key) => `HostName=${hub.host};DeviceId=${id};SharedAccessKey=${key}`;
  const certificates = { 'radar-41-old': make('radar-41-old', { issuer: old }), 'radar-41-kept': make('radar-41-kept', { issuer: kept }) };
  const fleet = {
    'radar-41-primary': () => getsIn(sas('radar-41-primary', one.authentication.symmetricKey.primaryKey)),
    'radar-41-secondary': () => getsIn(sas('radar-41-secondary', two.authentication.symmetricKey.secondaryKey)),
  };
  for (const [id, { key, cert }] of Object.entries(certificates)) fleet[id] = () => getsIn(`HostName=${hub.host};DeviceId=${id};x509=true`, { key, cert });
  assert.deepEqual(await failed(fleet), []);
  const used = await gatehouse('credential', 'show', 'radar-41-primary');
  assert.ok(used[0].credential === 'primaryKey' && used[0].software?.includes('azure-iot-device'), JSON.stringify(used));

  const ours = Object.keys(fleet);
  const key = await gatehouse('radar', '--without', 'primaryKey', '--max', '1000', '--after', 'radar-41');
  assert.deepEqual(failing(key, ours), ['radar-41-primary']);
  const ca = await gatehouse('radar', '--without', 'ca/radar-41-old', '--max', '1000', '--after', 'radar-41');
  assert.deepEqual(failing(ca, ours), ['radar-41-old']);
  assert.ok(ca.value.some(each => each.deviceId === 'radar-41-never' && each.outcome === 'unknown'));

  for (const id of ['radar-41-primary', 'radar-41-secondary']) await gatehouse('device', 'regenerate-key', id, 'primary');
  await gatehouse('certificate', 'delete', 'radar-41-old');
  assert.deepEqual(await failed(fleet), ['radar-41-old', 'radar-41-primary']);
});

test('the radar names who fails when TLS 1.2 is switched off', { timeout: 300_000 }, async () => {
  const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
  let server = await startServer(ports);
  try {
    const made = [];
    for (const id of ['old-tls', 'new-tls', 'never']) made.push(await new Hub(server.connection).createDevice(id));
    const connect = async (identity, maxVersion) => {
      const before = tls.DEFAULT_MAX_VERSION;
      tls.DEFAULT_MAX_VERSION = maxVersion;
      try {
        const session = await RawDevice.connect(new Hub(server.connection), identity);
        session.end();
        return session.connack.returnCode === 0;
      } catch {
        return false;
      } finally {
        tls.DEFAULT_MAX_VERSION = before;
      }
    };
    const fleet = { 'old-tls': () => connect(made[0], 'TLSv1.2'), 'new-tls': () => connect(made[1], 'TLSv1.3') };
    assert.deepEqual(await failed(fleet), []);
    const seen = await commandLine(server.data)('radar', '--without', 'tls/1.2');
    assert.deepEqual(failing(seen, ['old-tls', 'new-tls', 'never']), ['old-tls']);
    assert.deepEqual(seen.value.filter(each => each.outcome === 'unknown').map(each => each.deviceId), ['never']);

    // What is known survives a crash once it is written; the command above wrote it.
    await server.kill();
    server = await startServer([...ports, '--minimum-tls', '1.3'], undefined, server.data);
    assert.deepEqual(failing(await commandLine(server.data)('radar', '--without', 'tls/1.2'), ['old-tls', 'new-tls', 'never']), ['old-tls']);
    assert.deepEqual(await failed(fleet), ['old-tls']);
  } finally {
    await server.stop();
  }
});
