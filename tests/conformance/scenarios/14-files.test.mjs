// Files of devices: azure-iot-device asks, uploads with @azure/storage-blob inside it and notifies; @azure/storage-blob by itself writes and reads with the token that the hub gives;
// azure-iothub hears of it. Once with the hub's own blob endpoint and once with a storage account (Azurite).
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { BlockBlobClient } from '@azure/storage-blob';
import device from 'azure-iot-device';
import amqp from 'azure-iot-device-amqp';
import http from 'azure-iot-device-http';
import mqtt from 'azure-iot-device-mqtt';
import iothub from 'azure-iothub';
import { startAzurite } from '../lib/azurite.mjs';
import { failure, Hub, sasToken, unique } from '../lib/hub.mjs';
import { make, thumbprint } from '../lib/certificates.mjs';
import { outsideTls } from '../lib/outside.mjs';
import { sleep } from '../lib/server.mjs';

const hub = Hub.running();
const transports = [['Mqtt', mqtt.Mqtt], ['MqttWs', mqtt.MqttWs], ['Amqp', amqp.Amqp], ['AmqpWs', amqp.AmqpWs], ['Http', http.Http]];
const clients = [];
after(async () => { for (const client of clients) await client.close().catch(() => {}); });

async function opened(transport = mqtt.Mqtt) {
  const identity = await hub.createDevice();
  const client = device.Client.fromConnectionString(hub.deviceConnectionString(identity), transport);
  clients.push(client);
  return [identity, client];
}

const urlOf = (ticket, name = ticket.blobName) => `https://${ticket.hostName}/${ticket.containerName}/${name.split('/').map(encodeURIComponent).join('/')}`;
const blobOf = (ticket, name) => new BlockBlobClient(urlOf(ticket, name) + ticket.sasToken);
const hash = bytes => createHash('sha256').update(bytes).digest('hex');

/** As the SDK asks, but with a length in bytes: the SDK's own counts characters, so that names beyond ASCII arrive cut. */
async function ticketFor(identity, blobName) {
  const token = sasToken(`${hub.host}/devices/${identity.deviceId}`, identity.authentication.symmetricKey.primaryKey);
  return await hub.send('POST', `/devices/${identity.deviceId}/files?api-version=2021-04-12`, { blobName }, { Authorization: token });
}

/**
 * Notifications of files of this device, while `act` runs; each is settled as `settle` says. Those of others are completed and left out, and before `act` is begun:
 * in one tick with ours, rhea would settle both alike (../lib/settling.mjs).
 */
async function notifications(transport, identity, count, act, settle = (receiver, message, done) => receiver.complete(message, done)) {
  const back = iothub.Client.fromConnectionString(hub.connectionString, transport);
  await back.open();
  try {
    const receiver = await new Promise((done, fail) => back.getFileNotificationReceiver((error, made) => (error ? fail(error) : done(made))));
    const came = [];
    let newest = Date.now();
    const all = new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`${came.length} of ${count} notifications came`)), 90_000);
      receiver.on('message', message => {
        newest = Date.now();
        if (JSON.parse(message.data.toString()).deviceId !== identity.deviceId) { receiver.complete(message, () => {}); return; }
        came.push(message);
        settle(receiver, message, error => {
          if (error || came.length >= count) { clearTimeout(timer); if (error) fail(error); else done(); }
        });
      });
    });
    while (Date.now() - newest < 1000) await sleep(100);
    await Promise.all([act(), all]);
    return came;
  } finally { await back.close(); }
}

async function place(storage) {
  const present = await hub.call('GET', '/gatehouse/v1/file-upload');
  Object.assign(present.storageEndpoints.$default, { sasTtlAsIso8601: 'PT1H' }, storage);
  return await hub.call('PUT', '/gatehouse/v1/file-upload', present);
}

let azurite;
const places = {
  'the embedded endpoint': async () => await place({ connectionString: '' }),
  'a storage account': async () => {
    azurite = await startAzurite({ containers: ['fleet'], tls: outsideTls() });
    const saved = await place({ connectionString: azurite.connectionString, containerName: 'fleet' });
    assert.ok(!JSON.stringify(saved).includes(azurite.key));
  },
};
after(async () => { await place({ connectionString: '' }); await azurite?.stop(); });

for (const [name, prepare] of Object.entries(places)) {
  describe(name, () => {
    before(prepare);

    for (const [transportName, transport] of transports) {
      test(`a device of ${transportName} uploads a stream and notifies`, async () => {
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
      clients.push(client);
      await client.setOptions({ cert: certificate.cert, key: certificate.key });

      const ticket = await client.getBlobSharedAccessSignature('x');
      await blobOf(ticket).upload('abc', 3);
      await client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done');
    });

    test('34 MiB go in blocks side by side and are read back', async () => {
      const [, client] = await opened(amqp.Amqp);
      const content = randomBytes(34 << 20);

      await client.uploadToBlob('large.bin', Readable.from([content]), content.length);
      const ticket = await client.getBlobSharedAccessSignature('large.bin');
      const blob = blobOf(ticket);

      assert.equal((await blob.getProperties()).contentLength, content.length);
      assert.equal(hash(await blob.downloadToBuffer()), hash(content));
      await blob.uploadData(content, { blockSize: 1 << 20, concurrency: 8, maxSingleShotSize: 1 << 20 });
      await client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'once more, in 34 blocks');
      assert.equal(hash(await blob.downloadToBuffer()), hash(content));
    });

    test('names that need escaping and names beyond ASCII lead to the file that was written', async () => {
      const [identity] = await opened();
      const names = ['a b', 'a+b', '100%', 'a%2Fb', 'a#b', 'a?b=c&d', "it's", 'a;b,c=d@e:f', 'größe/日本/файл', 'x'.repeat(200)];
      const came = await notifications(iothub.Amqp, identity, names.length, async () => {
        for (const each of names) {
          const ticket = (await ticketFor(identity, each)).body;
          assert.equal(ticket.blobName, `${identity.deviceId}/${each}`);
          await blobOf(ticket).upload(each, Buffer.byteLength(each));
          await hub.call('POST', `/devices/${identity.deviceId}/files/notifications?api-version=2021-04-12`, { correlationId: ticket.correlationId, isSuccess: true, statusCode: 200, statusDescription: '' },
            { Authorization: sasToken(`${hub.host}/devices/${identity.deviceId}`, identity.authentication.symmetricKey.primaryKey) });
        }
      });
      const bodies = came.map(message => JSON.parse(message.data.toString()));
      assert.deepEqual(bodies.map(body => body.blobName).sort(), names.map(each => `${identity.deviceId}/${each}`).sort());
      for (const body of bodies) {
        const { sasToken: token } = (await ticketFor(identity, body.blobName.slice(identity.deviceId.length + 1))).body;
        const read = await new BlockBlobClient(body.blobUri + token).downloadToBuffer();
        assert.equal(`${identity.deviceId}/${read}`, body.blobName);
      }
    });

    test('the SDK cuts names beyond ASCII, and is told that the body is malformed', async () => {
      const [, client] = await opened();

      assert.equal((await failure(client.getBlobSharedAccessSignature('größe'))).message, 'Bad Request');

      // What was left over of the body is not taken for a request.
      await client.getBlobSharedAccessSignature('size');
    });

    test('a token opens one blob, with the rights that it says, for as long as it says', async () => {
      await place({ sasTtlAsIso8601: 'PT1M' });
      const [, client] = await opened();
      const [, other] = await opened();
      const ticket = await client.getBlobSharedAccessSignature('mine');
      const theirs = await other.getBlobSharedAccessSignature('theirs');
      const fields = new URLSearchParams(ticket.sasToken.slice(1));
      assert.deepEqual([fields.get('sp'), fields.get('sr'), fields.get('spr')], ['rw', 'b', 'https']);
      const life = Date.parse(fields.get('se')) - Date.now();
      assert.ok(life > 30_000 && life <= 60_000, String(life));

      const later = { ...ticket, sasToken: ticket.sasToken.replace(encodeURIComponent(fields.get('se')), encodeURIComponent(new Date(Date.now() + 86_400_000).toISOString().slice(0, 19) + 'Z')) };
      const more = { ...ticket, sasToken: ticket.sasToken.replace('sp=rw', 'sp=rwdl') };
      for (const wrong of [later, more, { ...ticket, blobName: theirs.blobName }, { ...ticket, blobName: `${ticket.blobName}x` }, { ...ticket, blobName: ticket.blobName.toUpperCase() }]) {
        assert.equal((await failure(blobOf(wrong).upload('x', 1))).statusCode, 403);
      }
      await blobOf(ticket).upload('x', 1);
      assert.ok([400, 403].includes((await failure(blobOf(ticket).delete())).statusCode));
      assert.equal((await blobOf(ticket).downloadToBuffer()).toString(), 'x');
      await place({});
    });

    test('a device neither finishes the upload of another nor leaves its own folder', async () => {
      const [first, client] = await opened();
      const [second, other] = await opened();
      const ticket = await client.getBlobSharedAccessSignature('mine');

      await failure(other.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'not mine'));
      for (const name of [`../${first.deviceId}/mine`, `x/../../${first.deviceId}/mine`, '/x', 'x//y', 'x/.', '..\\x']) {
        const answer = await ticketFor(second, name);
        assert.deepEqual([answer.status, answer.headers['iothub-errorcode']], [400, 'ArgumentInvalid'], name);
      }
      const path = new URL(urlOf(ticket)).pathname;
      const theirs = await other.getBlobSharedAccessSignature('x');
      for (const away of [path.replace(first.deviceId, `${second.deviceId}/../${first.deviceId}`), path.replace(first.deviceId, `${second.deviceId}%2F..%2F${first.deviceId}`)]) {
        const error = await failure(new BlockBlobClient(`https://${ticket.hostName}${away}${theirs.sasToken}`).upload('x', 1));
        assert.ok([400, 403].includes(error.statusCode), String(error.statusCode));
      }

      await blobOf(ticket).upload('mine', 4);
      await client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done');
    });

    test('the same name again replaces the file', async () => {
      const [, client] = await opened(http.Http);
      await client.uploadToBlob('state', Readable.from([Buffer.from('first')]), 5);
      await client.uploadToBlob('state', Readable.from([Buffer.from('second')]), 6);

      const ticket = await client.getBlobSharedAccessSignature('state');
      assert.equal((await blobOf(ticket).downloadToBuffer()).toString(), 'second');
    });

    test('an upload that the device gives up, or never wrote, is no file', async () => {
      const [, client] = await opened();
      const ticket = await client.getBlobSharedAccessSignature('half');
      await blobOf(ticket).stageBlock(Buffer.from('1').toString('base64'), 'half', 4);
      await failure(client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'nothing is there'));
      await client.notifyBlobUploadStatus(ticket.correlationId, false, 500, 'power lost');

      assert.equal((await failure(blobOf(ticket).downloadToBuffer())).statusCode, 404);
      await failure(client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'too late'));
    });

    test('the eleventh upload at once is refused', async () => {
      const [identity, client] = await opened();
      for (let i = 0; i < 10; i++) await client.getBlobSharedAccessSignature(`f${i}`);

      const answer = await ticketFor(identity, 'f10');

      assert.deepEqual([answer.status, answer.headers['iothub-errorcode']], [403, 'DeviceMaximumActiveFileUploadLimitExceeded']);
    });

    for (const [transportName, transport] of [['Amqp', iothub.Amqp], ['AmqpWs', iothub.AmqpWs]]) {
      test(`a back end over ${transportName} hears of a file and settles that`, { timeout: 240_000 }, async () => {
        const [identity, client] = await opened();
        const upload = () => client.uploadToBlob('logs/a.txt', Readable.from([Buffer.from('hello')]), 5);
        const began = Date.now();

        const [abandoned, message] = await notifications(transport, identity, 2, upload, (receiver, each, done) => {
          if (receiver.seen) receiver.complete(each, done);
          else receiver.abandon(each, done);
          receiver.seen = true;
        });

        assert.equal(abandoned.data.toString(), message.data.toString());
        assert.equal(message.contentType, 'application/vnd.microsoft.iothub.filenotification.json');
        const body = JSON.parse(message.data.toString());
        assert.deepEqual(Object.keys(body), ['deviceId', 'blobUri', 'blobName', 'lastUpdatedTime', 'blobSizeInBytes', 'enqueuedTimeUtc']);
        assert.deepEqual([body.deviceId, body.blobName, body.blobSizeInBytes], [identity.deviceId, `${identity.deviceId}/logs/a.txt`, 5]);
        for (const time of [body.lastUpdatedTime, body.enqueuedTimeUtc]) assert.ok(Math.abs(Date.parse(time) - began) < 180_000, time);
        const [rejected] = await notifications(transport, identity, 1, upload, (receiver, each, done) => receiver.reject(each, done));
        assert.notEqual(rejected.data.toString(), message.data.toString());
        const [next] = await notifications(transport, identity, 1, () => client.uploadToBlob('logs/b.txt', Readable.from([Buffer.from('hello')]), 5));
        assert.equal(JSON.parse(next.data.toString()).blobName, `${identity.deviceId}/logs/b.txt`);
      });
    }
  });
}

test('while the storage account is away a device may say again later that it is done', async () => {
  await places['the embedded endpoint']();
  await azurite.stop();
  azurite = await startAzurite({ containers: ['fleet'], tls: outsideTls() });
  await place({ connectionString: azurite.connectionString, containerName: 'fleet' });
  const [identity, client] = await opened();
  const ticket = await client.getBlobSharedAccessSignature('kept');
  const { port, account, key } = azurite;
  await azurite.stop();

  const error = await failure(client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done'));
  assert.equal(error.message, 'Service Unavailable');
  azurite = await startAzurite({ containers: ['fleet'], tls: outsideTls(), port, account, key });
  await blobOf(ticket).upload('kept', 4);

  const came = await notifications(iothub.Amqp, identity, 1, () => client.notifyBlobUploadStatus(ticket.correlationId, true, 200, 'done'));
  assert.equal(JSON.parse(came[0].data.toString()).blobName, `${identity.deviceId}/kept`);
});

test('a storage account that cannot be used is refused before a device meets it', async () => {
  const wrongKey = azurite.connectionString.replace(azurite.key, randomBytes(64).toString('base64'));
  for (const storage of [{ connectionString: wrongKey, containerName: 'fleet' }, { connectionString: azurite.connectionString, containerName: 'nowhere' }]) {
    const present = await hub.call('GET', '/gatehouse/v1/file-upload');
    Object.assign(present.storageEndpoints.$default, storage);
    const answer = await hub.send('PUT', '/gatehouse/v1/file-upload', present);
    assert.deepEqual([answer.status, answer.headers['iothub-errorcode']], [400, 'BlobContainerValidationError']);
  }
});

test('an operator lists, reads and deletes the files of the embedded endpoint', async () => {
  await places['the embedded endpoint']();
  const [identity, client] = await opened();
  for (const name of ['b.txt', 'a.txt']) await client.uploadToBlob(name, Readable.from([Buffer.from(name)]), name.length);
  const list = async () => (await hub.call('GET', `/gatehouse/v1/files?device=${identity.deviceId}`)).value;
  const [a, b] = await list();
  assert.deepEqual([a.name, a.size, b.name], [`${identity.deviceId}/a.txt`, 5, `${identity.deviceId}/b.txt`]);

  const read = await hub.send('GET', `/gatehouse/v1/files/content?name=${encodeURIComponent(a.name)}`);
  assert.deepEqual([read.body, read.headers['content-disposition']], ['a.txt', 'attachment']);
  await hub.call('DELETE', `/gatehouse/v1/files?name=${encodeURIComponent(a.name)}`);
  assert.deepEqual((await list()).map(file => file.name), [b.name]);
});
