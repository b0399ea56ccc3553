// Rotations under a connected fleet: what is promised to drop nobody must reject no message and drop no session, and who the radar says would fail must be who then fails.
//   rotation.mjs [DRILL…]     `plans`, the server's and the radar's without a name; DEVICES=10000, TOKEN_SECONDS=60, MESSAGE_SECONDS=10
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';
import { issue } from './load/fleet/certificates.mjs';
import { Fleet, token } from './load/fleet/fleet.mjs';
import { derive, registerGroup } from './load/fleet/provisioning.mjs';
import { root, request, sleep, startGatehouse, temporary } from './servers.mjs';

const setting = (name, otherwise) => Number(process.env[name] ?? otherwise);
const [count, tokenSeconds, messageSeconds] = [setting('DEVICES', 10_000), setting('TOKEN_SECONDS', 60), setting('MESSAGE_SECONDS', 10)];

// A drill: its words, what it does, and whether nobody may notice. `check` are the radar's: who it names is who fails.
const drills = {
  plans: { words: 'keys of policies, devices and an enrollment group, and a CA: all plans at once', run: () => Promise.all([policyKey(), deviceKey(), groupKey(), otherCa()]), promises: true },
  'policy-key': { words: 'both keys of a policy, by plan: devices and back ends that sign with it', run: policyKey, promises: true, isPart: true },
  'device-key': { words: 'both keys of devices, by plan with a canary group', run: deviceKey, promises: true, isPart: true },
  'group-key': { words: 'both keys of an enrollment group, by plan', run: groupKey, promises: true, isPart: true },
  ca: { words: 'a CA of devices by another, by plan', run: otherCa, promises: true, isPart: true },
  'server-leaf': { words: 'the server\'s certificate: staged, canary, switch, retire', run: serverLeaf, promises: true },
  'server-root': { words: 'the server\'s root: both handed out, switch, retire', run: serverRoot, promises: true },
  'check-ca': { words: 'staged: a CA is deleted', run: checkCa, promises: false },
  'check-root': { words: 'staged: devices that were not given the new root', run: checkRoot, promises: false },
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(drills).filter(name => !drills[name].isPart);
const unknown = chosen.filter(name => !drills[name]);
if (unknown.length) throw new Error(`unknown: ${unknown.join(' ')}. There are ${Object.keys(drills).join(' ')}.`);

const folder = temporary('rotation');
const server = await startGatehouse();
const roots = () => fs.readFileSync(server.connection.caFile, 'utf8');
const gatehouse = async (...words) => JSON.parse((await promisify(execFile)(path.join(root, 'artifacts/cli/gatehouse-cli'), ['--data', server.data, '--json', ...words], { maxBuffer: 1 << 26 })).stdout);
const host = server.policy.HostName;
const backEnds = { asked: 0, failed: 0 };
let fleet;
let isKept = true;
try {
  const { devices, publicKey } = await register();
  fleet = new Fleet({ host, port: server.connection.ports.mqtt, trust: roots(), tokenSeconds, messageSeconds }, devices);
  fleet.publicKey = publicKey;
  for (const policy of ['device', 'service']) fleet.policies[policy] = (await gatehouse('policy', 'show', policy)).primaryKey;
  const began = performance.now();
  await fleet.start();
  console.log(`${count.toLocaleString('en')} devices (MQTT, TLS 1.3, ECDSA P-256): ${kinds(devices)}; connected in ${((performance.now() - began) / 1000).toFixed(1)} s. A message each ${messageSeconds} s, tokens of ${tokenSeconds} s or less. Memory of the fleet ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB, of the server ${memory()} MiB.`);
  const asking = askAsBackEnd();
  console.log('\n| drill | sessions | acknowledged | new handshakes | rejected | dropped | refused | s | as promised |\n|---|---|---|---|---|---|---|---|---|');
  for (const name of chosen) isKept = await measure(name) && isKept;
  fleet.askingEnds = true;
  await asking;
} finally {
  await fleet?.stop();
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
process.exit(isKept ? 0 : 1);

async function measure(name) {
  const drill = drills[name];
  const before = { ...fleet.counts, asked: backEnds.asked, failed: backEnds.failed };
  const started = performance.now();
  let problem = null;
  fleet.reasons.clear();
  try { problem = [await drill.run()].flat().find(said => said) ?? null; } catch (error) { problem = error.message; }
  const seconds = (performance.now() - started) / 1000;
  const since = key => fleet.counts[key] - before[key];
  const [rejected, dropped] = [since('rejected') + since('lost') + backEnds.failed - before.failed, since('dropped')];
  const refused = since('refused') + since('untrusted');
  if (drill.promises && !problem && (rejected || dropped || refused)) problem = [...fleet.reasons].map(([reason, times]) => `${reason} ${times}`).join(', ') || 'a back end was refused';
  console.log(`| ${name}: ${drill.words} | ${fleet.open.toLocaleString('en')} | ${since('acknowledged').toLocaleString('en')} | ${since('connects').toLocaleString('en')} | ${rejected} | ${dropped} | ${refused} | ${seconds.toFixed(0)} | ${problem ? `NO: ${problem}` : 'yes'} |`);
  return !problem;
}

/** Both keys of two policies, one plan each: the fleet and the back ends are told the new key as soon as there is one, and take it when they sign next. */
async function policyKey() {
  await Promise.all(['device', 'service'].map(async policy => {
    const plan = await gatehouse('rotation', 'plan', 'policy-key', policy, '--unused-for', '15', '--first', 'secondary', '--start');
    // The first key is made anew within one look; whoever signs next signs with it.
    await until('the first key is new', async () => (await gatehouse('rotation', 'show', plan.id)).steps[0].state === 'done');
    fleet.policies[policy] = (await gatehouse('policy', 'show', policy)).secondaryKey;
    await until('the plan is done', async () => (await gatehouse('rotation', 'show', plan.id)).state === 'done', 3 * tokenSeconds + 90);
  }));
  // Everybody signs once more, by the keys that are left.
  await allAnew();
}

/** The devices are given their new keys as soon as there are some, the canary group first. */
async function deviceKey() {
  const own = new Map(fleet.devices.filter(device => device.key && !device.group).map(device => [device.id, device]));
  const [list, keys] = [path.join(folder, 'devices'), path.join(folder, 'keys.csv')];
  fs.writeFileSync(list, [...own.keys()].join('\n'));
  const { id } = await gatehouse('rotation', 'plan', 'device-key', '--devices-file', list, '--canary', String(Math.ceil(own.size / 20)), '--unused-for', '15', '--tell', '--start');
  let given = 0;
  await until('the plan is done', async () => {
    const plan = await gatehouse('rotation', 'show', id);
    const made = plan.progress.renewed + plan.progress.moved + plan.progress.done + plan.canary.renewed + plan.canary.moved + plan.canary.done;
    if (made !== given) {
      given = made;
      fs.rmSync(keys, { force: true });
      await gatehouse('rotation', 'keys', id, '--to', keys);
      take(keys, own, /^([^,]+),secondary,(.+)$/);
    }
    return plan.state === 'done';
  }, 4 * tokenSeconds + 120);
  await allAnew();
}

/** The operator hands out what comes from the group's new key once all hubs have it. */
async function groupKey() {
  const group = new Map(fleet.devices.filter(device => device.group).map(device => [device.id, device]));
  const keys = path.join(folder, 'group.csv');
  const { id } = await gatehouse('rotation', 'plan', 'group-key', 'bench', '--unused-for', '15', '--first', 'secondary', '--start');
  const show = async () => await gatehouse('rotation', 'show', id, '--provisioning');
  await until('the first key is new', async () => (await show()).steps[1].state === 'done', 120);
  await until('the hub has what comes from it', async () => (await gatehouse('credential', 'users', 'enrollment-group/bench/secondaryKey')).hubs.outdated === 0, 120);
  await gatehouse('enrollment', 'compute-device-keys', 'bench', '--key-type', 'secondary', '--to', keys);
  take(keys, group, /^([^,]+),(.+)$/);
  await until('the plan is done', async () => (await show()).state === 'done', 3 * tokenSeconds + 120);
  await until('the hub has what comes from the last key', async () => (await gatehouse('credential', 'users', 'enrollment-group/bench/primaryKey')).hubs.outdated === 0, 120);
  await allAnew();
}

/** What an operator's file of keys gives to the devices: they sign by it next. */
function take(file, devices, line) {
  for (const text of fs.readFileSync(file, 'utf8').split('\n')) {
    const [, id, key] = line.exec(text) ?? [];
    if (devices.has(id)) devices.get(id).key = key;
  }
}

/** Devices below one CA are given certificates by another, and come by them when they renew. */
async function otherCa() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await trustCa('bench-c', publicKey, privateKey);
  const { id } = await gatehouse('rotation', 'plan', 'ca', 'bench-a', 'bench-c', '--unused-for', '15', '--start');
  for (const device of fleet.devices.filter(each => each.issuer === 'bench-a')) {
    Object.assign(device, { issuer: 'bench-c', certificate: issue(device.id, fleet.publicKey, 'bench-c', privateKey) });
  }
  await until('the plan is done', async () => (await gatehouse('rotation', 'show', id)).state === 'done', 3 * tokenSeconds + 60);
  await allAnew();
}

/** An outside CA's certificate: its root is handed out first, as an operator does it. */
async function serverLeaf() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const anchor = issue('bench outside root', publicKey, 'bench outside root', privateKey, true);
  const file = name => path.join(folder, name);
  fs.writeFileSync(file('root.pem'), anchor);
  fs.writeFileSync(file('server.pem'), issue('bench server', own.publicKey, 'bench outside root', privateKey, false, ['localhost']));
  fs.writeFileSync(file('server.key'), own.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { state } = await gatehouse('certificate', 'server', 'stage', file('server.pem'), '--private-key-from', file('server.key'), '--root', file('root.pem'));
  fleet.trust = roots();
  await allAnew();
  await gatehouse('certificate', 'server', 'canary', '--percent', '20');
  await allAnew();
  await gatehouse('certificate', 'server', 'switch');
  await allAnew();
  const now = await gatehouse('certificate', 'server', 'show');
  if (now.phase !== 'switched' || now.nextHandshakes.completed < fleet.devices.length || now.nextHandshakes.refused) return `not all were shown it: ${JSON.stringify(now.nextHandshakes)}`;
  await gatehouse('certificate', 'server', 'retire');
  await allAnew();
  return (await gatehouse('certificate', 'server', 'show')).present.sha256 === state.next.sha256 ? null : 'another certificate is shown';
}

async function serverRoot() {
  // The server's own root is shown again first, if a certificate was handed in.
  if ((await gatehouse('certificate', 'server', 'show')).present.source === 'handed-in') {
    for (const step of [['stage', '--files'], ['switch'], ['retire']]) await gatehouse('certificate', 'server', ...step);
  }
  await gatehouse('certificate', 'server', 'stage', '--new-root');
  fleet.trust = roots();
  await allAnew();
  await gatehouse('certificate', 'server', 'switch');
  await allAnew();
  await gatehouse('certificate', 'server', 'retire');
  fleet.trust = roots();
  await allAnew();
}

/** The devices of one of two CAs: the radar names them, then the CA goes. */
async function checkCa() {
  const named = await radar('ca/bench-b');
  await gatehouse('certificate', 'delete', 'bench-b');
  await allAnew(device => !device.certificate || device.issuer !== 'bench-b');
  await until('sessions have ended', () => fleet.devices.every(device => device.issuer !== 'bench-b' || !device.up), 3 * tokenSeconds);
  const failing = fleet.devices.filter(device => !device.up);
  const difference = same(named, failing);

  // They are of no use any more: neither to the radar of the next drill nor to the fleet.
  for (const device of failing) device.givesUp = true;
  fleet.devices = fleet.devices.filter(device => !device.givesUp);
  for (let first = 0; first < failing.length; first += 100) {
    await request(server, 'POST', '/devices?api-version=2021-04-12', failing.slice(first, first + 100).map(({ id }) => ({ id, importMode: 'delete' })));
  }
  return difference;
}

/** One device in twenty was forgotten when the new root was handed out. In a canary those that have it show that they do. */
async function checkRoot() {
  const old = roots();
  const forgotten = fleet.devices.filter((device, i) => i % 20 === 7 && device.up);
  for (const device of forgotten) device.trust = old;
  const { state } = await gatehouse('certificate', 'server', 'stage', '--new-root');
  fleet.trust = roots();
  await gatehouse('certificate', 'server', 'canary', '--percent', '97', '--roll-back-at', '0');
  const before = state.present.root;
  await until('who can has been shown the new root', async () => (await radar(`server-issuer/${before}`)).length <= forgotten.length, 20 * tokenSeconds);
  const named = await radar(`server-issuer/${before}`);
  await gatehouse('certificate', 'server', 'switch', '--roll-back-at', '0');
  await until('who cannot is out', () => forgotten.every(device => !device.up || device.failed), 3 * tokenSeconds);
  await allAnew(device => !forgotten.includes(device) && device.up);
  const failing = fleet.devices.filter(device => !device.up);
  const difference = same(named, failing);
  await gatehouse('certificate', 'server', 'rollback');
  await gatehouse('certificate', 'server', 'discard');
  for (const device of forgotten) delete device.trust;
  return difference;
}

/** Ids that the radar says would fail. */
async function radar(without) {
  const found = [];
  for (let after = ''; ;) {
    const page = await request(server, 'GET', `/gatehouse/v1/radar?without=${encodeURIComponent(without)}&only=fails&max=1000${after && `&after=${encodeURIComponent(after)}`}`);
    found.push(...page.value.map(each => each.deviceId).filter(id => id));
    if (!page.next) return found;
    after = page.next;
  }
}

function same(named, failing) {
  const [said, seen] = [new Set(named), new Set(failing.map(device => device.id))];
  const [missed, wrong] = [[...seen].filter(id => !said.has(id)), [...said].filter(id => !seen.has(id))];
  return missed.length || wrong.length ? `the radar named ${said.size}, ${seen.size} fail; not named ${missed.length} (${missed.slice(0, 3)}), named but in ${wrong.length} (${wrong.slice(0, 3)})` : null;
}

/** Until each of them has made a new connection since now. */
async function allAnew(which = device => device.up || !device.failed) {
  const since = new Map(fleet.devices.filter(which).map(device => [device, device.socket]));
  await until('all have come again', () => [...since].every(([device, socket]) => device.up && device.socket !== socket), 3 * tokenSeconds);
}

async function until(what, condition, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) if (await condition()) return;
  throw new Error(`not within ${seconds} s: ${what}`);
}

/** A back end that asks all the time by the service policy's key. */
async function askAsBackEnd() {
  const agent = new https.Agent({ keepAlive: true });
  while (!fleet.askingEnds) {
    const answered = await new Promise(done => {
      const call = https.request({
        host: 'localhost', port: server.connection.ports.https, method: 'POST', path: '/devices/query?api-version=2021-04-12', agent, ca: fleet.trust,
        headers: { Authorization: token(host, fleet.policies.service, 'service', 60), 'Content-Type': 'application/json' },
      }, reply => { reply.resume(); reply.once('close', () => done(reply.complete ? reply.statusCode : 'broken off')); });
      call.once('error', error => done(error.code));
      call.end('{"query":"SELECT deviceId FROM devices WHERE deviceId = \'dev0\'"}');
    });
    backEnds.asked++;
    if (answered !== 200) { backEnds.failed++; fleet.note(`back end ${answered}`); }
    await sleep(100);
  }
  agent.destroy();
}

async function trustCa(name, publicKey, privateKey) {
  await request(server, 'PUT', `/gatehouse/v1/certificates/${name}`, { properties: { certificate: issue(name, publicKey, name, privateKey, true), isVerified: true } });
}

/** Of ten devices four have keys of their own, two sign by a policy, two registered by keys of a group, and two have certificates. */
async function register() {
  const [group, authorities, devices] = [randomBytes(32).toString('base64'), {}, []];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificateKey = privateKey.export({ type: 'pkcs8', format: 'pem' });
  for (const name of ['bench-a', 'bench-b']) {
    authorities[name] = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await trustCa(name, authorities[name].publicKey, authorities[name].privateKey);
  }
  for (let i = 0; i < count; i++) {
    const [id, place] = [`dev${i}`, i % 10];
    if (place < 4) devices.push({ id, key: derive(group, id) });
    else if (place < 6) devices.push({ id, policy: 'device' });
    else if (place < 8) devices.push({ id, group: 'bench' });
    else devices.push({ id, issuer: place === 8 ? 'bench-a' : 'bench-b', privateKey: certificateKey });
  }
  const primaryKey = await registerGroup(server, 'bench', devices.filter(device => device.group).map(device => device.id));
  for (const device of devices.filter(each => each.group)) device.key = derive(primaryKey, device.id);
  for (const device of devices.filter(each => each.issuer)) device.certificate = issue(device.id, publicKey, device.issuer, authorities[device.issuer].privateKey);

  const own = devices.filter(device => !device.group);
  for (let first = 0; first < own.length; first += 100) {
    await request(server, 'POST', '/devices?api-version=2021-04-12', own.slice(first, first + 100).map(({ id, issuer }) => ({
      id, importMode: 'create', status: 'enabled',
      authentication: issuer ? { type: 'certificateAuthority' } : { type: 'sas', symmetricKey: { primaryKey: derive(group, id), secondaryKey: derive(group, `second ${id}`) } },
    })));
  }
  return { devices, publicKey };
}

function kinds(devices) {
  const share = (words, which) => `${devices.filter(which).length.toLocaleString('en')} ${words}`;
  return [share('by keys of their own', each => each.key && !each.group), share('by keys of an enrollment group', each => each.group), share('by a policy\'s key', each => each.policy), share('by X.509 under two CAs', each => each.certificate)].join(', ');
}

function memory() {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024);
}
