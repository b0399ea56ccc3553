using System.Net;
using System.Net.Sockets;
using Gatehouse.Provisioning.Limits;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>How much strangers may ask: each address, and all of them together.</summary>
internal sealed class OcspRates(ProvisioningOptions options, TimeProvider time)
{
    // Addresses that are told apart: 2 MB at most. Those beyond share what one has.
    private const int MaxAddresses = 10_000;
    private const int SubscriberBytes = 8;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Recent<RateLimit> addresses = new(2 * Second, time);
    private readonly RateLimit all = new(options.OcspRate, Second, time);
    private readonly RateLimit others = new(options.OcspRatePerAddress, Second, time);

    /// <summary>True when one more may be answered. Who asks too much takes nothing from the others.</summary>
    internal bool TryTake(IPAddress? address)
    {
        var name = NameOf(address);
        lock (gate)
        {
            if (!Of(name).TryTake(isModest: true, out _))
            {
                return false;
            }
        }

        return all.TryTake(isModest: true, out _);
    }

    private RateLimit Of(string address)
    {
        var own = addresses.TryGet(address, out var known) ? known! : addresses.Count < MaxAddresses ? new RateLimit(options.OcspRatePerAddress, Second, time) : others;
        if (own != others)
        {
            addresses.Set(address, own);
        }

        return own;
    }

    private static string NameOf(IPAddress? address) =>
        address is null ? ""
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString()
        : address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, SubscriberBytes))
        : address.ToString();
}
