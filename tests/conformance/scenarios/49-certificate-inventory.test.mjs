// Certificates made with openssl are shown by unmodified clients: the inventory knows them and what stands above them, the forecast who fails when, and somebody is told in time, once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import { make, thumbprint, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { Hub, unique } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer, until } from '../lib/server.mjs';

const byAuthority = { authentication: { type: 'certificateAuthority' } };

test('what a client shows is listed with its path, and the forecast names it beneath each CA that ends', async () => {
  const hub = Hub.running();
  const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
  const [name, upper] = [unique('inventory'), unique('upper')];
  const root = make(unique('root'), { isAuthority: true, days: 20 });
  const middle = make(upper, { issuer: root, isAuthority: true, days: 15 });
  await uploadVerified(hub, name, root);
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  const certificate = make(deviceId, { issuer: middle, days: 10 });

  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, mqtt.Mqtt);
  await client.setOptions({ cert: certificate.cert + middle.cert, key: certificate.key });
  await client.open();
  await client.sendEvent(new device.Message('x'));
  await client.close();

  const [listed, ...others] = await gatehouse('certificate', 'inventory', '--issuer', `CN=${upper}`, '--all');
  assert.deepEqual([listed.kind, listed.usedBy, listed.sha256Thumbprint, listed.authoritySha256, listed.status, others.length],
    ['device', deviceId, thumbprint(certificate, 'sha256'), thumbprint(root, 'sha256'), 'current', 0]);
  assert.ok(Math.abs(Date.parse(listed.notAfter) - Date.now() - 10 * 86_400_000) < 3_600_000);
  const soon = await gatehouse('certificate', 'inventory', '--expires-within', '16d', '--all');
  assert.ok(soon.some(each => each.kind === 'intermediate' && each.sha256Thumbprint === thumbprint(middle, 'sha256')));
  assert.ok(!soon.some(each => each.usedBy === name));

  const forecast = await gatehouse('certificate', 'forecast', '--by', 'day', '--within', '25', '--max', '1000');
  const below = authority => forecast.above.find(each => each.certificate.sha256Thumbprint === thumbprint(authority, 'sha256')).devices;
  assert.deepEqual([below(root), below(middle)], [1, 1]);
  const day = forecast.periods.find(each => each.start.slice(0, 10) === listed.notAfter.slice(0, 10));
  assert.ok(day.certificates >= 1 && day.devices >= 1);

  // A deleted device fails no more.
  await hub.call('DELETE', `/devices/${deviceId}?api-version=2021-04-12`, undefined, { 'If-Match': '*' });
  assert.equal((await gatehouse('certificate', 'inventory', '--issuer', `CN=${upper}`))[0].status, 'former');
});

for (const [name, transport] of [['MQTT', mqtt.Mqtt], ['AMQP', amqp.Amqp], ['HTTPS', http.Http]]) {
  test(`a certificate that is registered by its thumbprint is listed once it came over ${name}`, async () => {
    const hub = Hub.running();
    const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
    const certificate = make(unique('pinned'));
    const { deviceId } = await hub.createDevice(unique(), { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint(certificate, 'sha1'), secondaryThumbprint: null } } });
    const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, transport);
    // The SDK's HTTPS transport tells that options are set only when a receive policy is among them.
    await client.setOptions({ cert: certificate.cert, key: certificate.key, ...(transport === http.Http ? { http: { receivePolicy: { interval: 1 } } } : {}) });
    await client.open();
    await client.sendEvent(new device.Message('x'));
    await client.close();

    const found = (await gatehouse('certificate', 'inventory', '--kind', 'device', '--all')).filter(each => each.usedBy === deviceId);
    assert.deepEqual(found.map(each => [each.sha256Thumbprint, each.status, each.authoritySha256]), [[thumbprint(certificate, 'sha256'), 'current', null]]);
  });
}

test('a CA and a device near their end raise an alarm within a minute, which is kept over kill -9 and acknowledged once', { timeout: 400_000 }, async () => {
  let server = await startServer(['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0']);
  const hub = new Hub(server.connection);
  const gatehouse = commandLine(server.data);
  const root = make('plant', { isAuthority: true, days: 20, age: 300 });
  await uploadVerified(hub, 'plant', root);
  const { deviceId } = await hub.createDevice('press-1', byAuthority);
  const certificate = make(deviceId, { issuer: root, days: 5, age: 90 });
  const raw = await RawDevice.connect(hub, { deviceId }, {}, certificate);
  assert.equal(raw.connack.returnCode, 0);
  raw.end();

  await until('both alarms', async () => (await gatehouse('certificate', 'alarms')).length === 2, 150);
  const alarms = await gatehouse('certificate', 'alarms');
  assert.deepEqual(alarms.map(each => [each.kind, each.usedBy, each.days]), [['device', 'press-1', 7], ['ca', 'plant', 30]]);
  assert.match(server.log(), /press-1/);
  await server.kill();
  server = await startServer(['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'], undefined, server.data);
  try {
    assert.deepEqual(await gatehouse('certificate', 'alarms'), alarms);
    assert.deepEqual(await gatehouse('certificate', 'alarms', '--acknowledge', alarms[1].id), { acknowledged: 1 });
    assert.deepEqual(await gatehouse('certificate', 'alarms', '--acknowledge', alarms[1].id), { acknowledged: 0 });
    assert.deepEqual((await gatehouse('certificate', 'alarms')).map(each => each.usedBy), ['press-1']);
    const [closed] = await gatehouse('certificate', 'alarms', '--closed');
    assert.deepEqual([closed.id, closed.closedBy], [alarms[1].id, 'policy:iothubowner']);
  } finally {
    await server.stop();
  }
});
