// Devices that register with a provisioning service by keys that come from a group's, as a factory derives them.
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { token } from './fleet.mjs';

export const derive = (groupKey, id) => createHmac('sha256', Buffer.from(groupKey, 'base64')).update(id).digest('base64');

/** Makes the group and registers all of them, so many at once. Returns the group's primary key. */
export async function registerGroup(server, group, ids, parallel = 32) {
  const { dps, ports, caFile } = server.connection;
  const policy = Object.fromEntries(dps.connectionString.split(';').map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const agent = new https.Agent({ keepAlive: true, maxSockets: parallel, ca: fs.readFileSync(caFile) });
  const ask = (method, path, authorization, body) => new Promise((done, fail) => {
    const call = https.request({ host: 'localhost', port: ports.https, method, path, agent, headers: { Authorization: authorization, Host: policy.HostName, 'Content-Type': 'application/json' } }, reply => {
      let text = '';
      reply.setEncoding('utf8').on('data', part => { text += part; });
      reply.on('end', () => (reply.statusCode < 300 ? done(JSON.parse(text)) : fail(new Error(`${method} ${path}: ${reply.statusCode} ${text}`))));
    });
    call.once('error', fail);
    call.end(body && JSON.stringify(body));
  });

  const [primaryKey, secondaryKey] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  await ask('PUT', `/enrollmentGroups/${group}?api-version=2021-10-01`, token(policy.HostName, policy.SharedAccessKey, policy.SharedAccessKeyName, 600),
    { enrollmentGroupId: group, attestation: { type: 'symmetricKey', symmetricKey: { primaryKey, secondaryKey } } });

  const queue = [...ids];
  const registerNext = async () => {
    for (let id = queue.pop(); id; id = queue.pop()) {
      const path = `/${dps.idScope}/registrations/${id}`;
      const authorization = token(`${dps.idScope}/registrations/${id}`, derive(primaryKey, id), 'registration', 600);
      let answer = await ask('PUT', `${path}/register?api-version=2021-06-01`, authorization, { registrationId: id });
      while (answer.status === 'assigning') {
        await new Promise(done => setTimeout(done, 100));
        answer = await ask('GET', `${path}/operations/${answer.operationId}?api-version=2021-06-01`, authorization);
      }
      if (answer.status !== 'assigned') throw new Error(`${id} was not assigned: ${JSON.stringify(answer)}`);
    }
  };
  try { await Promise.all(Array.from({ length: parallel }, registerNext)); } finally { agent.destroy(); }
  return primaryKey;
}
