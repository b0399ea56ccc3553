using System.Buffers;
using System.IO.Pipelines;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>Stands before the hub's MQTT: who names a registration in CONNECT stays here, everyone else goes on, nothing of the connection consumed.</summary>
internal sealed class MqttDoor(IConnectionHandler hub, DeviceRegistrations registrations, ProvisioningOptions options, TimeProvider time) : IConnectionHandler
{
    private const int MaxConnectBytes = 32 * 1024;

    public async Task RunAsync(ClientConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (await PeekAsync(connection.Input) is { } user)
        {
            await new MqttRegistration(connection, user, registrations, options, time).RunAsync();
            return;
        }

        await hub.RunAsync(connection);
    }

    /// <summary>Null for whoever does not register; what is malformed is the hub's to refuse.</summary>
    private static async ValueTask<RegistrationUserName?> PeekAsync(PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var rest = read.Buffer;
            var isWhole = MqttFrame.TryRead(ref rest, MaxConnectBytes, out var frame, out var fault);
            if (isWhole || fault != MqttFault.None || read.IsCompleted || read.IsCanceled)
            {
                var user = isWhole ? UserOf(frame) : null;
                input.AdvanceTo(read.Buffer.Start);
                return user;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    // Devices of the hub are many and connect all the time: their CONNECT is looked through for one word, and not parsed twice.
    private static RegistrationUserName? UserOf(MqttFrame frame) =>
        frame.Type == MqttPacketType.Connect
        && Contains(frame.Body, "/registrations/"u8)
        && ConnectPacket.TryRead(frame.Body, out var packet) == MqttFault.None
        && RegistrationUserName.TryParse(packet!.UserName, out var user)
            ? user
            : null;

    private static bool Contains(ReadOnlySequence<byte> body, ReadOnlySpan<byte> word) =>
        body.IsSingleSegment ? body.FirstSpan.IndexOf(word) >= 0 : body.ToArray().AsSpan().IndexOf(word) >= 0;
}
