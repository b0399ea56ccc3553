// A certificate that is revoked by command: the SDK's connection is cut, it is refused afterwards, also after kill -9 and a restart; other devices of the same CA go on. Own servers, own data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import { make, uploadVerified } from '../lib/certificates.mjs';
import { commandLine } from '../lib/cli.mjs';
import { failure, Hub } from '../lib/hub.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';
import { startServer, until } from '../lib/server.mjs';

const byAuthority = { authentication: { type: 'certificateAuthority' } };
const root = make('revocation root', { isAuthority: true });
const line = make('revocation line 3', { issuer: root, isAuthority: true });
const chainOf = certificate => ({ key: certificate.key, cert: certificate.cert + line.cert });

async function client(hub, deviceId, certificate, transport = mqtt.Mqtt) {
  const made = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, transport);
  made.setRetryPolicy(new common.NoRetry());
  // Over HTTPS the SDK answers no options without a word on how to poll.
  await made.setOptions({ ...chainOf(certificate), ...(transport === http.Http ? { http: { receivePolicy: { interval: 1 } } } : {}) });
  return made;
}

test('a revoked certificate is cut off over MQTT, refused over every door, and its siblings go on', { timeout: 300_000 }, async () => {
  const hub = Hub.running();
  const gatehouse = commandLine(process.env.GATEHOUSE_CONFORMANCE_DATA);
  await uploadVerified(hub, 'revocation-38', root);
  const [lost, kept] = [make('rev-38-lost', { issuer: line }), make('rev-38-kept', { issuer: line })];
  for (const id of ['rev-38-lost', 'rev-38-kept']) await hub.createDevice(id, byAuthority);
  const [first, second] = [await client(hub, 'rev-38-lost', lost), await client(hub, 'rev-38-kept', kept)];
  await Promise.all([first.open(), second.open()]);
  let cut = 0;
  for (const event of ['disconnect', 'error']) first.on(event, () => { cut ||= Date.now(); });
  second.on('disconnect', () => assert.fail('the other device was cut off'));

  const drill = await gatehouse('revoke', 'certificate', lost.certFile, '--drill');
  assert.deepEqual([drill.live, cut], [['rev-38-lost'], 0]);
  const revoked = await gatehouse('revoke', 'certificate', lost.certFile, '--reason', 'keyCompromise', '--note', 'laptop lost');

  // The command has returned: what it ended is ended, and the client sees it as soon as it looks.
  assert.deepEqual([revoked.isNew, revoked.live], [true, ['rev-38-lost']]);
  await until('the end of the connection', () => cut);
  for (const transport of [mqtt.Mqtt, mqtt.MqttWs, amqp.Amqp, amqp.AmqpWs]) {
    const again = await client(hub, 'rev-38-lost', lost, transport);
    again.on('error', () => {});
    const error = await failure(transport === amqp.Amqp || transport === amqp.AmqpWs ? again.open().then(() => again.sendEvent(new device.Message('x'))) : again.open());
    assert.equal(error.name, 'UnauthorizedError', transport.name);
  }

  const overHttp = await client(hub, 'rev-38-lost', lost, http.Http);
  assert.equal((await failure(overHttp.open().then(() => overHttp.sendEvent(new device.Message('x'))))).name, 'UnauthorizedError');
  const told = await until('the refusal in the log', async () => {
    const why = await gatehouse('why', 'rev-38-lost', '--max', '50');
    return why.refusals.find(each => each.reason === 'CertificateRevoked');
  });
  assert.ok(told.detail.includes(revoked.revocation.mark) && told.detail.includes('laptop lost'), told.detail);

  await second.sendEvent(new device.Message('still here'));
  assert.equal((await hub.events('rev-38-kept', 1)).length, 1);
  second.removeAllListeners('disconnect');
  second.on('error', () => {});
  const issuer = await gatehouse('revoke', 'issuer', line.certFile, '--reason', 'certificateHold');
  assert.deepEqual(issuer.live, ['rev-38-kept']);
  assert.equal((await failure((await client(hub, 'rev-38-kept', kept)).open())).name, 'UnauthorizedError');
  await gatehouse('revoke', 'undo', issuer.revocation.mark);
  const back = await client(hub, 'rev-38-kept', kept);
  await back.open();
  await back.close();
});

test('what was revoked stays revoked after kill -9 at once, and the audit log verifies', { timeout: 300_000 }, async () => {
  const ports = ['--mqtt-port', '0', '--amqp-port', '0', '--https-port', '0'];
  let server = await startServer(ports);
  try {
    let hub = new Hub(server.connection);
    await uploadVerified(hub, 'root', root);
    const [lost, kept] = [make('d-lost', { issuer: line }), make('d-kept', { issuer: line })];
    for (const id of ['d-lost', 'd-kept']) await hub.createDevice(id, byAuthority);
    const session = await RawDevice.connect(hub, { deviceId: 'd-lost' }, {}, chainOf(lost));
    assert.equal(session.connack.returnCode, 0);
    const { revocation } = await commandLine(server.data)('revoke', 'certificate', lost.certFile, '--reason', 'keyCompromise');
    await server.kill();
    assert.equal(await session.untilClosed(), true);

    server = await startServer(ports, undefined, server.data);
    hub = new Hub(server.connection);
    const refused = await RawDevice.connect(hub, { deviceId: 'd-lost' }, {}, chainOf(lost));
    assert.equal(refused.connack.returnCode, 5);
    assert.equal((await hub.refusal('d-lost')).reason, 'CertificateRevoked');
    const other = await RawDevice.connect(hub, { deviceId: 'd-kept' }, {}, chainOf(kept));
    assert.equal(other.connack.returnCode, 0);
    other.end();
    assert.deepEqual((await commandLine(server.data)('revoke', 'list')).map(each => each.mark), [revocation.mark]);
    assert.equal((await hub.call('GET', '/gatehouse/v1/audit/verify')).isIntact, true);
  } finally {
    await server.stop();
  }
});
