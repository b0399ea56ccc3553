using System.Text;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Wire.Mqtt;

/// <summary>
/// <c>devices/{d}/messages/events/[bag][/]</c> or <c>devices/{d}/modules/{m}/messages/events/[bag][/]</c>, ids raw.
/// Ids may hold <c># + ?</c>, so the topic is matched by the literal prefix of the identity that owns the connection.
/// </summary>
public sealed class TelemetryTopic(IdentityKey identity)
{
    private readonly byte[] prefix = Encoding.UTF8.GetBytes(
        identity.Module is { } module ? $"devices/{identity.Device}/modules/{module}/messages/events" : $"devices/{identity.Device}/messages/events");

    /// <summary>Whether the topic is the identity's own telemetry topic, and its property bag (percent-encoded).</summary>
    public bool TryMatch(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> bag)
    {
        bag = default;
        if (!topic.StartsWith(prefix))
        {
            return false;
        }

        var rest = topic[prefix.Length..];
        if (rest.IsEmpty)
        {
            return true;
        }

        if (rest[0] != '/')
        {
            return false;
        }

        rest = rest[1..];

        // C# ends every bag with a slash; the documentation shows a leading question mark.
        rest = rest.EndsWith("/"u8) ? rest[..^1] : rest;
        bag = rest.StartsWith("?"u8) ? rest[1..] : rest;
        return true;
    }
}
