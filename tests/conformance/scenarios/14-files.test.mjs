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
import { failure, Hub, unique } from '../lib/hub.mjs';
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

test('the storage client stages blocks, commits, lists, reads ranges and properties', async () => {
  const [identity, client] = await opened();
  const ticket = await client.getBlobSharedAccessSignature('in blocks/ü ?#%.txt');
  assert.equal(ticket.blobName, `${identity.deviceId}/in blocks/ü ?#%.txt`);
  const blob = blobOf(ticket);
  const ids = ['one', 'two'].map(text => Buffer.from(text).toString('base64'));
  await blob.stageBlock(ids[0], 'Hello, ', 7);
  await blob.stageBlock(ids[1], 'world', 5);
  assert.deepEqual((await blob.getBlockList('all')).uncommittedBlocks.map(block => [block.name, block.size]), [[ids[0], 7], [ids[1], 5]]);
  await blob.commitBlockList(ids, { blobHTTPHeaders: { blobContentType: 'text/plain' } });

  assert.equal((await blob.downloadToBuffer()).toString(), 'Hello, world');
  assert.equal((await blob.downloadToBuffer(7, 3)).toString(), 'wor');
  const properties = await blob.getProperties();
  assert.deepEqual([properties.contentLength, properties.contentType, properties.blobType], [12, 'text/plain', 'BlockBlob']);
});

test('a large file goes up in parallel blocks', async () => {
  const [, client] = await opened();
  const content = randomBytes(20_000_000);
  const blob = blobOf(await client.getBlobSharedAccessSignature('large.bin'));

  await blob.uploadData(content, { blockSize: 1 << 20, maxSingleShotSize: 1 << 20, concurrency: 4 });
  await blob.uploadStream(Readable.from([content.subarray(0, 5_000_000)]), 1 << 20, 2);

  assert.deepEqual(await blob.downloadToBuffer(), content.subarray(0, 5_000_000));
});

test('a token opens one blob and nothing else, and only until the upload is finished', async () => {
  const [identity, client] = await opened();
  const ticket = await client.getBlobSharedAccessSignature('mine');
  for (const blobName of ['other', `${identity.deviceId}/other`, `${identity.deviceId}/mine/x`]) {
    assert.equal((await failure(blobOf({ ...ticket, blobName }).upload('x', 1))).code, 'AuthenticationFailed');
  }
  assert.equal((await failure(blobOf(ticket).delete())).statusCode, 400);
  await blobOf(ticket).upload('x', 1);
  await client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done');

  assert.equal((await failure(blobOf(ticket).upload('y', 1))).code, 'AuthorizationFailure');
  assert.equal((await failure(client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'again'))).name, 'ArgumentError');
});

test('the eleventh upload under way is refused', async () => {
  const [, client] = await opened();
  for (let i = 0; i < 10; i++) await client.getBlobSharedAccessSignature(`f${i}`);

  assert.equal((await failure(client.getBlobSharedAccessSignature('f10'))).name, 'IotHubQuotaExceededError');
});
