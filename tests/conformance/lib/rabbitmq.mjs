// RabbitMQ of Debian with its plugin for AMQP 1.0: a node of its own, on free ports, with everything it writes in one folder.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import rhea from 'rhea';
import { until } from './server.mjs';

// Debian's /usr/sbin/rabbitmq-server changes to the user of the package and to the package's folders; this is what it calls then.
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Ports that nobody has; all are held until the last is known, so that they differ. */
async function freePorts(count) {
  const held = await Promise.all(Array.from({ length: count }, () => new Promise((done, fail) => {
    const server = net.createServer().once('error', fail).listen(0, '127.0.0.1', () => done(server));
  })));
  const ports = held.map(server => server.address().port);
  await Promise.all(held.map(server => new Promise(done => { server.close(done); })));
  return ports;
}

/**
 * Starts a node with durable queues of these names.
 * `users`: { name: { password, tags } }, each with all rights. `tls`: { certFile, keyFile }, for amqps beside amqp.
 * Returns { ports: { amqp, amqps }, connectionString, take, kill, start, stop }: `kill` is kill -9, after which `start` goes on with the same data.
 */
export async function startRabbitMq({ queues, users, tls }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gatehouse-rabbitmq-'));
  const at = name => path.join(folder, name);
  const [amqp, amqps, distribution, epmdPort] = await freePorts(4);
  fs.writeFileSync(at('plugins'), '[rabbitmq_amqp1_0].\n');
  fs.writeFileSync(at('.erlang.cookie'), randomBytes(15).toString('hex'), { mode: 0o400 }); // the node looks for it in HOME
  fs.writeFileSync(at('definitions.json'), JSON.stringify({
    vhosts: [{ name: '/' }],
    users: Object.entries(users).map(([name, { password, tags = '' }]) => ({ name, password, tags })),
    permissions: Object.keys(users).map(user => ({ user, vhost: '/', configure: '.*', write: '.*', read: '.*' })),
    queues: queues.map(name => ({ name, vhost: '/', durable: true, auto_delete: false, arguments: {} })),
  }));
  fs.writeFileSync(at('rabbitmq.conf'), [
    `listeners.tcp.local = 127.0.0.1:${amqp}`,
    `load_definitions = ${at('definitions.json')}`,
    ...(tls ? [`listeners.ssl.local = 127.0.0.1:${amqps}`, `ssl_options.certfile = ${tls.certFile}`, `ssl_options.keyfile = ${tls.keyFile}`, 'ssl_options.verify = verify_none', 'ssl_options.fail_if_no_peer_cert = false'] : []),
    'log.console = true', 'log.console.level = warning', 'log.file = false', '',
  ].join('\n'));
  const node = `gatehouse-${process.pid}-${randomBytes(3).toString('hex')}@localhost`;
  const env = {
    PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8',
    ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: '127.0.0.1', ERL_CRASH_DUMP_SECONDS: '0',
    RABBITMQ_CONF_ENV_FILE: '/dev/null', RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'), RABBITMQ_ADVANCED_CONFIG_FILE: at('none.config'),
    RABBITMQ_NODENAME: node, RABBITMQ_DIST_PORT: String(distribution), RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_MNESIA_BASE: at('data'), RABBITMQ_LOG_BASE: at('log'), RABBITMQ_PID_FILE: at('pid'),
    RUNNING_UNDER_SYSTEMD: 'true', // the script then becomes the node, instead of a shell that waits for it
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };

  // epmd tells nodes of each other; a node that finds none starts one that stays. This one ends with the scenario.
  const groups = new Set();
  const killed = () => { for (const pid of groups) try { process.kill(-pid, 'SIGKILL'); } catch { /* it ended */ } };
  process.once('exit', killed);
  const launch = (command, args) => {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    const launched = { child, log: '', exited: new Promise(done => { child.once('exit', done).once('error', done); }) };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => { launched.log = (launched.log + text).slice(-8192); });
    if (child.pid) groups.add(child.pid);
    launched.kill = async () => {
      try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it ended */ }
      await launched.exited;
      groups.delete(child.pid);
    };
    return launched;
  };
  const epmd = launch('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1']);
  let running;

  async function start() {
    running = launch(program, []);
    await until('RabbitMQ', async () => {
      if (running.child.exitCode !== null || !running.child.pid) throw new Error(`RabbitMQ did not start (package rabbitmq-server): ${running.log.trim()}`);
      return await greets(amqp);
    }, 90);
  }

  /** The messages of the queue, until they are `enough`, asked at each, and no more come within half a second; each is accepted, and so is gone. */
  async function take(queue, enough, seconds = 90) {
    const [username, { password }] = Object.entries(users)[0];
    const taken = [];
    const connection = rhea.create_container().connect({ host: '127.0.0.1', port: amqp, username, password, reconnect: false });
    let [timer, quiet] = [];
    try {
      await new Promise((done, fail) => {
        timer = setTimeout(() => fail(new Error(`${taken.length} messages of ${queue} came within ${seconds} s, and they are not all`)), seconds * 1000);
        const failed = context => fail(context.error ?? context.receiver?.error ?? context.connection?.error ?? new Error('the connection was lost'));
        for (const event of ['connection_error', 'receiver_error', 'disconnected', 'error']) connection.on(event, failed);
        connection.on('message', ({ message }) => {
          taken.push(message);
          clearTimeout(quiet);
          if (enough(taken)) quiet = setTimeout(done, 500);
        });
        connection.open_receiver({ source: `/amq/queue/${queue}`, credit_window: 100 });
      });
    } finally {
      clearTimeout(timer);
      clearTimeout(quiet);
      connection.close();
    }
    return taken;
  }

  const stop = async () => {
    await running?.kill();
    await epmd.kill();
    process.removeListener('exit', killed);
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ports: { amqp, amqps }, take, start, stop, kill: () => running.kill(),
    connectionString: (user, queue, { password = users[user].password, overTls = false } = {}) =>
      `Endpoint=${overTls ? `amqps://localhost:${amqps}` : `amqp://127.0.0.1:${amqp}`}/;SharedAccessKeyName=${user};SharedAccessKey=${password};EntityPath=/amq/queue/${queue}`,
  };
}

/** Whether the node answers an AMQP header there: the port opens before the plugin does. */
function greets(port) {
  const header = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1');
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(header));
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', answer => { done(answer.subarray(0, 8).equals(header)); socket.destroy(); });
    socket.once('error', () => {}).once('close', () => done(false));
  });
}
