using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Connections;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

public sealed class AmqpOutputTests
{
    [Fact]
    public async Task Frames_that_come_after_the_connection_has_ended_harm_nobody()
    {
        var connection = new MemoryConnection();
        var gate = new Lock();
        var output = new AmqpOutput(connection, gate, new AmqpOptions()) { OnRoom = static () => { } };
        await connection.Output.CompleteAsync();

        // As from a commit: on a pool thread an exception would end the server.
        for (var i = 0; i < 2; i++)
        {
            lock (gate)
            {
                output.Buffer.Write(ProtocolHeader.Amqp);
                output.Added();
            }

            ((IThreadPoolWorkItem)output).Execute();
        }
    }
}
