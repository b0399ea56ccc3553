using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Routing;

/// <summary>Twins of senders, read once for a block of events. Used by one worker.</summary>
internal sealed class TwinSource(Twins.Twins twins, HubName hub)
{
    private readonly Dictionary<IdentityKey, JsonElement?> read = [];

    internal void Forget() => read.Clear();

    /// <summary>Null when the sender is gone.</summary>
    internal async ValueTask<JsonElement?> FindAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        if (SenderOf(record.Span) is not { } sender)
        {
            return null;
        }

        if (!read.TryGetValue(sender, out var found))
        {
            var twin = await twins.GetAsync(hub, sender, cancellationToken);
            read[sender] = found = twin.IsOk ? Show(twin.Value) : null;
        }

        return found;
    }

    private static JsonElement Show(Twin twin)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            TwinDocument.WriteTo(writer, twin);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static IdentityKey? SenderOf(ReadOnlySpan<byte> record)
    {
        string? device = null;
        string? module = null;
        var reader = new EventReader(record);
        while (reader.Read())
        {
            device = reader.Field == EventField.ConnectionDeviceId ? reader.ValueText : device;
            module = reader.Field == EventField.ConnectionModuleId ? reader.ValueText : module;
        }

        return IdentityKey.TryParse(module is null ? device : $"{device}/{module}", out var key) ? key : null;
    }
}
