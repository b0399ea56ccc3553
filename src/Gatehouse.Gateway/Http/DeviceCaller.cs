using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Telemetry;
using Gatehouse.Hub.Telemetry;

namespace Gatehouse.Gateway.Http;

/// <summary>A device whose proof was good, with what each of its requests would otherwise make again. One connection remembers the last one.</summary>
internal sealed class DeviceCaller(string host, string authorization, Principal principal, TelemetryChannel telemetry)
{
    private CancellationTokenRegistration end;

    internal Principal Principal => principal;

    internal TelemetryChannel Telemetry => telemetry;

    /// <summary>What the hub says of the device's messages.</summary>
    internal byte[] Stamps { get; } = TelemetryStamps.Encode(principal, null);

    /// <summary>Count of changes of identities, policies and certificates when the proof was judged.</summary>
    internal required long Changes { get; init; }

    /// <summary>When the proof must be judged again at the latest.</summary>
    internal required DateTimeOffset Until { get; init; }

    /// <summary>Whether another request of the same connection stands on the same proof. In fixed time: the proof is a secret.</summary>
    internal bool IsSame(string otherHost, string otherAuthorization, DeviceId device) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(authorization.AsSpan()), MemoryMarshal.AsBytes(otherAuthorization.AsSpan()))
        && principal.Identity == new IdentityKey(device)
        && string.Equals(host, otherHost, StringComparison.Ordinal);

    /// <summary>Holds its share of the hub's limits for as long as the connection; nothing to hold when nothing is limited.</summary>
    internal void LeaveWith(CancellationToken connectionClosed)
    {
        if (telemetry.Share is not null)
        {
            end = connectionClosed.UnsafeRegister(static channel => ((TelemetryChannel)channel!).Dispose(), telemetry);
        }
    }

    /// <summary>Another one has taken its place. Requests that still use it go on.</summary>
    internal void Leave()
    {
        end.Dispose();
        telemetry.Dispose();
    }
}
