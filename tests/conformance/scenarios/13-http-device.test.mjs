// Devices over HTTPS with azure-iot-device-http: send and batch, with tokens and both kinds of certificates.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import device from 'azure-iot-device';
import http from 'azure-iot-device-http';
import { failure, Hub, unique } from '../lib/hub.mjs';
import { make, thumbprint, uploadVerified } from '../lib/certificates.mjs';

const hub = Hub.running();
const root = make('http conformance root', { isAuthority: true });
const middle = make('http conformance middle', { issuer: root, isAuthority: true });

before(async () => await uploadVerified(hub, unique('root'), root));

const polling = { http: { receivePolicy: { interval: 1 } } };

async function certified(identity, certificate, chain = []) {
  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};x509=true`, http.Http);
  // The SDK tells that options are set only when a receive policy is among them.
  await client.setOptions({ cert: [certificate, ...chain].map(part => part.cert).join(''), key: certificate.key, ...polling });
  return client;
}

/** Each makes a device and a client of it. */
const proofs = {
  'a SAS key': async () => {
    const identity = await hub.createDevice();
    return [identity, device.Client.fromConnectionString(hub.deviceConnectionString(identity), http.Http)];
  },
  'a certificate by thumbprint': async () => {
    const certificate = make('any subject');
    const identity = await hub.createDevice(unique(), { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint(certificate, 'sha256'), secondaryThumbprint: null } } });
    return [identity, await certified(identity, certificate)];
  },
  'a certificate of a CA': async () => {
    const identity = await hub.createDevice(unique(), { authentication: { type: 'certificateAuthority' } });
    return [identity, await certified(identity, make(identity.deviceId, { issuer: middle }), [middle])];
  },
};

async function opened(make) {
  const [identity, client] = await make();
  await client.setOptions(polling);
  await client.open();
  return [identity, client];
}

for (const [proof, make] of Object.entries(proofs)) {
  test(`with ${proof} a message is sent and read back with its properties`, async () => {
    const [identity, client] = await opened(make);
    const message = new device.Message(JSON.stringify({ temperature: 21.5 }));
    Object.assign(message, { messageId: 'm-1', correlationId: 'c-1', userId: 'u-1', contentType: 'application/json', contentEncoding: 'utf-8' });
    message.properties.add('Plain', 'value');
    message.properties.add('iothub-connection-device-id', 'forged');
    await client.sendEvent(message);
    await client.close();

    const [event] = await hub.events(identity.deviceId, 1);

    assert.deepEqual(event.body, { temperature: 21.5 });
    assert.deepEqual(event.applicationProperties, { Plain: 'value' });
    assert.deepEqual(['message-id', 'correlation-id', 'user-id', 'content-type', 'content-encoding'].map(name => event.properties[name]), ['m-1', 'c-1', 'u-1', 'application/json', 'utf-8']);
    assert.equal(event.annotations['iothub-connection-device-id'], identity.deviceId);
    assert.equal(event.annotations['iothub-connection-auth-generation-id'], identity.generationId);
    assert.equal(JSON.parse(event.annotations['iothub-connection-auth-method']).type, proof === 'a SAS key' ? 'sas' : 'x509Certificate');
    assert.equal(event.annotations['iothub-message-source'], 'Telemetry');
  });

  test(`with ${proof} a batch arrives whole and in order`, async () => {
    const [identity, client] = await opened(make);
    const messages = Array.from({ length: 20 }, (_, i) => {
      const message = new device.Message(`body ü ${i}`);
      message.properties.add('index', String(i));
      return message;
    });
    await client.sendEventBatch(messages);
    await client.close();

    const events = await hub.events(identity.deviceId, 20);

    assert.deepEqual(events.map(event => event.applicationProperties.index), messages.map((_, i) => String(i)));
  });
}

test('a wrong key is an UnauthorizedError, and the operator reads why', async () => {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};SharedAccessKey=${Buffer.alloc(32).toString('base64')}`, http.Http);
  await client.open();

  const error = await failure(client.sendEvent(new device.Message('x')));
  await client.close();

  assert.equal(error.name, 'UnauthorizedError');
  const refusal = await hub.refusal(identity.deviceId);
  assert.deepEqual([refusal.reason, refusal.protocol], ['TokenSignatureWrong', 'https']);
});

test('a message above the limit is a MessageTooLargeError', async () => {
  const [, client] = await opened(proofs['a SAS key']);

  const error = await failure(client.sendEvent(new device.Message(Buffer.alloc(262_145))));
  await client.close();

  assert.equal(error.name, 'MessageTooLargeError');
});

for (const id of ["a-b.c+d%e_f#g*h?i!j(k)l,m:n=o@p$q'r", 'a%41', '#', '+', '?', '$']) {
  test(`a device may be called ${id}`, async () => {
    const identity = await hub.createDevice(`${unique()}${id}`);
    const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), http.Http);
    await client.open();
    await client.sendEvent(new device.Message('x'));
    await client.close();
    assert.equal((await hub.events(identity.deviceId, 1))[0].annotations['iothub-connection-device-id'], identity.deviceId);
  });
}
