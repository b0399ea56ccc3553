// Files of devices: azure-iot-device asks, uploads with @azure/storage-blob inside it and notifies; @azure/storage-blob by itself writes and reads with the token that the hub gives.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { BlockBlobClient } from '@azure/storage-blob';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import { Hub, unique } from '../lib/hub.mjs';
import { make, thumbprint } from '../lib/certificates.mjs';

const hub = Hub.running();
const transports = [['Mqtt', mqtt.Mqtt], ['Amqp', amqp.Amqp], ['Http', http.Http]];

async function opened(transport = mqtt.Mqtt) {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
  return [identity, client];
}

const blobOf = ticket => new BlockBlobClient(`https://${ticket.hostName}/${ticket.containerName}/${encodeURIComponent(ticket.blobName)}${ticket.sasToken}`);

for (const [name, transport] of transports) {
  test(`a device of ${name} uploads a stream and notifies`, async () => {
    const [, client] = await opened(transport);
    const content = randomBytes(3_000_000);

    await client.uploadToBlob('logs/today.bin', Readable.from([content]), content.length);
    const ticket = await client.getBlobSharedAccessSignature('logs/today.bin');

    assert.deepEqual(await blobOf(ticket).downloadToBuffer(), content);
    await client.notifyBlobUploadStatus(ticket.correlationId, false, 200, 'only read');
  });
}

test('a device with a certificate uploads', async () => {
  const certificate = make('any subject');
  const identity = await hub.createDevice(unique(), { authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint(certificate, 'sha256'), secondaryThumbprint: null } } });
  const client = device.Client.fromConnectionString(`HostName=${hub.host};DeviceId=${identity.deviceId};x509=true`, mqtt.Mqtt);
  await client.setOptions({ cert: certificate.cert, key: certificate.key });

  const ticket = await client.getBlobSharedAccessSignature('x');
  await blobOf(ticket).upload('abc', 3);
  await client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done');
});
