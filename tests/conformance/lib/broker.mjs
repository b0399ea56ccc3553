// An AMQP 1.0 broker of one queue, made of rhea: SASL PLAIN, and what it takes is kept.
import rhea from 'rhea';

/** Returns { port, connectionString, taken, reject, stop }. `reject(message)`: the error for a message, or nothing to accept it. */
export async function startBroker(user = 'sender', password = 's3cret-of-the-queue') {
  const container = rhea.create_container();
  container.sasl_server_mechanisms.enable_plain((name, given) => name === user && given === password);
  const broker = { taken: [], reject: () => undefined };
  const connections = new Set();
  container.on('connection_open', ({ connection }) => connections.add(connection));
  container.on('receiver_open', ({ receiver }) => receiver.set_target(receiver.target));
  container.on('message', ({ message, delivery }) => {
    const error = broker.reject(message);
    if (error) { delivery.reject(error); return; }
    broker.taken.push(message);
    delivery.accept();
  });
  for (const event of ['error', 'connection_error', 'disconnected', 'session_error', 'receiver_error']) container.on(event, () => {});
  const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: { autoaccept: false, credit_window: 100 } });
  await new Promise(done => server.once('listening', done));
  broker.port = server.address().port;
  broker.connectionString = `Endpoint=amqp://127.0.0.1:${broker.port}/;SharedAccessKeyName=${user};SharedAccessKey=${password};EntityPath=alarms`;
  broker.stop = async () => {
    for (const connection of connections) connection.close();
    await new Promise(done => { server.close(done); setTimeout(done, 500).unref(); });
  };
  return broker;
}
