// Azurite, the storage emulator of Azure's own makers: a storage account in memory, as a child process on a free port.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';

const main = path.join(path.dirname(fileURLToPath(import.meta.url)), '../node_modules/azurite/dist/src/blob/main.js');

/**
 * Starts it with these containers; loose, for the storage client inside azure-iot-device sends headers that it does not know.
 * `tls`: { certFile, keyFile }; without, it speaks http. `port`: to come back where one was stopped.
 * Returns { endpoint, account, key, connectionString, service, port, stop }; `service` is a BlobServiceClient with the account's key.
 */
export async function startAzurite({ containers = [], tls, port = 0, account = 'gatehousetest', key = randomBytes(64).toString('base64') } = {}) {
  const child = spawn(process.execPath, [
    main, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--loose',
    ...(tls ? ['--cert', tls.certFile, '--key', tls.keyFile] : []),
  ], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` } });
  const exited = new Promise(done => child.once('exit', done));
  const stop = async () => { child.kill('SIGKILL'); await exited; };
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  child.once('exit', () => process.removeListener('exit', killed));

  let log = '';
  const address = await Promise.race([
    exited.then(() => { throw new Error(`Azurite did not start (npm ci?): ${log.trim()}`); }),
    new Promise(done => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', text => {
          log = (log + text).slice(-4096);
          const found = /successfully listens on (\S+)/.exec(log);
          if (found) done(found[1]);
        });
      }
    }),
  ]);
  const endpoint = `${address}/${account}`;
  const connectionString = `DefaultEndpointsProtocol=${tls ? 'https' : 'http'};AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`;
  const service = BlobServiceClient.fromConnectionString(connectionString);
  for (const name of containers) await service.createContainer(name);
  return { endpoint, account, key, connectionString, service, port: Number(new URL(address).port), stop };
}
