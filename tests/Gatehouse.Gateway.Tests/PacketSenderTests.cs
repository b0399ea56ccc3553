using Gatehouse.Gateway.Mqtt;
using Xunit;

namespace Gatehouse.Gateway.Tests;

public sealed class PacketSenderTests
{
    [Fact]
    public async Task Acknowledgements_that_come_after_the_connection_has_ended_harm_nobody()
    {
        var connection = new PipedConnection();
        var sender = new PacketSender(connection, 1024);
        await connection.Output.CompleteAsync();

        // As from a commit: on a pool thread an exception would end the server.
        sender.Add([0x40, 2, 0, 1]);
        ((IThreadPoolWorkItem)sender).Execute();
        sender.Add([0x40, 2, 0, 2]);
        ((IThreadPoolWorkItem)sender).Execute();

        await sender.DrainAsync().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(connection.Aborted.IsCompleted);
    }
}
