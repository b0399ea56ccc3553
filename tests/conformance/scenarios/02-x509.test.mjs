// Devices with certificates: by thumbprint and by CA. Modules too (raw MQTT: the Node ModuleClient does not offer X.509).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { before, test } from 'node:test';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { make, thumbprint, uploadVerified } from '../lib/certificates.mjs';
import { RawDevice } from '../lib/raw-mqtt.mjs';

const hub = Hub.running();
const transports = [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs]];
const byThumbprint = (primary, secondary = null) => ({ authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: primary, secondaryThumbprint: secondary } } });
const byAuthority = { authentication: { type: 'certificateAuthority' } };
const root = make('conformance root', { isAuthority: true });
const upper = make('conformance upper', { issuer: root, isAuthority: true });
const lower = make('conformance lower', { issuer: upper, isAuthority: true });

before(async () => await uploadVerified(hub, unique('root'), root));

async function client(deviceId, certificate, chain, transport = mqtt.Mqtt) {
  const made = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${deviceId};x509=true`, transport);
  await made.setOptions({ cert: [certificate, ...chain].map(part => part.cert).join(''), key: certificate.key });
  return made;
}

async function sendsAs(deviceId, certificate, chain = [], transport = mqtt.Mqtt) {
  const opened = await client(deviceId, certificate, chain, transport);
  await opened.open();
  await opened.sendEvent(new device.Message('x'));
  await opened.close();
  const [event] = await hub.events(deviceId, 1);
  assert.deepEqual(JSON.parse(event.annotations['iothub-connection-auth-method']), { scope: 'device', type: 'x509Certificate', issuer: 'external', acceptingIpFilterRule: null });
}

async function refused(deviceId, certificate, chain, reason) {
  const opened = await client(deviceId, certificate, chain);
  const error = await failure(opened.open());
  assert.equal(error.name, 'UnauthorizedError');
  assert.equal((await hub.refusal(deviceId)).reason, reason);
}

for (const [name, transport] of transports) {
  for (const hash of ['sha1', 'sha256']) {
    test(`${hash} thumbprint, primary, over ${name}`, async () => {
      const certificate = make('any subject');
      const { deviceId } = await hub.createDevice(unique(), byThumbprint(thumbprint(certificate, hash)));
      await sendsAs(deviceId, certificate, [], transport);
    });

    test(`${hash} thumbprint, secondary, lower case, over ${name}`, async () => {
      const certificate = make('any subject');
      const { deviceId } = await hub.createDevice(unique(), byThumbprint(thumbprint(make('other'), hash), thumbprint(certificate, hash).toLowerCase()));
      await sendsAs(deviceId, certificate, [], transport);
    });
  }

  test(`a chain of three to a verified CA over ${name}`, async () => {
    const { deviceId } = await hub.createDevice(unique(), byAuthority);
    await sendsAs(deviceId, make(deviceId, { issuer: lower }), [lower, upper], transport);
  });
}

test('a verified intermediate is anchor enough', async () => {
  const otherRoot = make('unknown root', { isAuthority: true });
  const middle = make(unique('known-intermediate'), { issuer: otherRoot, isAuthority: true });
  await uploadVerified(hub, unique('ca'), middle);
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  await sendsAs(deviceId, make(deviceId, { issuer: middle }));
});

test('a module with a CA-signed certificate', async () => {
  const { deviceId } = await hub.createDevice();
  const module = await hub.createModule(deviceId, unique('m'), byAuthority);
  const certificate = make(`${deviceId}/${module.moduleId}`, { issuer: lower });
  const raw = await RawDevice.connect(hub, { deviceId, moduleId: module.moduleId }, {}, { key: certificate.key, cert: certificate.cert + lower.cert + upper.cert });
  assert.equal(raw.connack.returnCode, 0);
  raw.publish(`devices/${deviceId}/modules/${module.moduleId}/messages/events/`, 'x');
  await raw.next('puback');
  raw.end();
  assert.equal((await hub.events(deviceId, 1))[0].annotations['iothub-connection-module-id'], module.moduleId);
});

test('a module with a thumbprint', async () => {
  const { deviceId } = await hub.createDevice();
  const certificate = make('module');
  const module = await hub.createModule(deviceId, unique('m'), byThumbprint(thumbprint(certificate, 'sha256')));
  const raw = await RawDevice.connect(hub, { deviceId, moduleId: module.moduleId }, {}, certificate);
  assert.equal(raw.connack.returnCode, 0);
  raw.end();
});

test('another certificate than the registered one is refused', async () => {
  const { deviceId } = await hub.createDevice(unique(), byThumbprint(thumbprint(make('a'), 'sha256')));
  await refused(deviceId, make('a'), [], 'ThumbprintMismatch');
});

test('an expired certificate is refused, by thumbprint and by CA', async () => {
  const own = make('expired', { backdated: true });
  const first = await hub.createDevice(unique(), byThumbprint(thumbprint(own, 'sha256')));
  await refused(first.deviceId, own, [], 'CertificateExpired');

  const second = await hub.createDevice(unique(), byAuthority);
  await refused(second.deviceId, make(second.deviceId, { issuer: lower, backdated: true }), [lower, upper], 'CertificateExpired');
});

test('the certificate of another device is refused', async () => {
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  await refused(deviceId, make(unique(), { issuer: lower }), [lower, upper], 'CertificateNameMismatch');
});

test('a chain to an unknown CA is refused', async () => {
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  await refused(deviceId, make(deviceId, { issuer: make('stranger', { isAuthority: true }) }), [], 'CertificateNotTrusted');
});

test('a missing intermediate is refused', async () => {
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  await refused(deviceId, make(deviceId, { issuer: lower }), [upper], 'CertificateNotTrusted');
});

// Who presents a certificate must not choose what the server connects to. The listener takes connections and says nothing, so that a fetch would hold the handshake up too.
test('nothing that a certificate names is called, neither to find a missing issuer nor to ask for revocation', async () => {
  const called = [];
  const listener = net.createServer(socket => { called.push(socket.remotePort); socket.on('error', () => {}); }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    const at = `http://127.0.0.1:${listener.address().port}`;
    const extensions = `authorityInfoAccess=caIssuers;URI:${at}/issuer.cer,OCSP;URI:${at}/ocsp\ncrlDistributionPoints=URI:${at}/list.crl\n`;
    const middle = make('conformance with addresses', { issuer: root, isAuthority: true, extensions });
    const [trusted, lost, own] = [await hub.createDevice(unique(), byAuthority), await hub.createDevice(unique(), byAuthority), make('own', { extensions })];
    const { deviceId: pinned } = await hub.createDevice(unique(), byThumbprint(thumbprint(own, 'sha256')));
    await sendsAs(trusted.deviceId, make(trusted.deviceId, { issuer: middle, extensions }), [middle]);
    await sendsAs(pinned, own);
    await refused(lost.deviceId, make(lost.deviceId, { issuer: middle, extensions }), [], 'CertificateNotTrusted');
    assert.deepEqual(called, []);
  } finally {
    listener.close();
  }
});

test('an uploaded but unverified CA is no anchor', async () => {
  const authority = make(unique('unverified'), { isAuthority: true });
  await hub.call('PUT', `/gatehouse/v1/certificates/${unique('ca')}`, { properties: { certificate: authority.cert } });
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  await refused(deviceId, make(deviceId, { issuer: authority }), [authority], 'CertificateNotTrusted');
});

test('a certificate for a SAS device, and no certificate for an X.509 device, are refused', async () => {
  const sas = await hub.createDevice();
  const first = await RawDevice.connect(hub, { deviceId: sas.deviceId }, {}, make('x'));
  assert.equal(first.connack.returnCode, 5);
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  const second = await RawDevice.connect(hub, { deviceId });
  assert.equal(second.connack.returnCode, 5);
  assert.equal((await hub.refusal(deviceId)).reason, 'CredentialMissing');
});

test('a SAS token for an X.509 device is refused', async () => {
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  const raw = await RawDevice.connect(hub, { deviceId, authentication: { symmetricKey: { primaryKey: Buffer.alloc(32).toString('base64') } } });
  assert.equal(raw.connack.returnCode, 5);
  assert.equal((await hub.refusal(deviceId)).reason, 'CredentialKindMismatch');
});

test('removing the CA cuts new connections off', async () => {
  const name = unique('ca');
  const authority = make(unique('authority'), { isAuthority: true });
  await uploadVerified(hub, name, authority);
  const { deviceId } = await hub.createDevice(unique(), byAuthority);
  const certificate = make(deviceId, { issuer: authority });
  await sendsAs(deviceId, certificate);
  const stored = await hub.call('GET', `/gatehouse/v1/certificates/${name}`);
  await hub.call('DELETE', `/gatehouse/v1/certificates/${name}`, undefined, { 'If-Match': stored.etag });
  await refused(deviceId, certificate, [], 'CertificateNotTrusted');
});
