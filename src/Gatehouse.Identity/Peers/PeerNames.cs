using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.SharedAccess;

namespace Gatehouse.Identity.Peers;

/// <summary>The identities that a text of a client can mean. Nothing rests on the choice: the key that signed decides.</summary>
/// <remarks>C writes ids raw, others percent-encode them once; an id may hold a percent sign itself. So a text with an escape has two readings.</remarks>
internal static class PeerNames
{
    private const string Devices = "devices";
    private const string Modules = "modules";
    private const string PlainMark = "@sas.";
    private const string PolicyMark = "root.";

    /// <summary>Path of an audience: <c>devices/{id}</c> or <c>devices/{id}/modules/{id}</c>; else none.</summary>
    internal static IReadOnlyList<IdentityKey> OfPath(ReadOnlySpan<string> path) => path switch
    {
        [var devices, var device] when Is(devices, Devices) => Readings(device, null),
        [var devices, var device, var modules, var module] when Is(devices, Devices) && Is(modules, Modules) => Readings(device, module),
        _ => [],
    };

    /// <summary>User name of SASL PLAIN: <c>{id}@sas.{hub}</c>, <c>{id}/modules/{id}@sas.{hub}</c>, <c>{policy}@sas.root.{hub}</c>. An id may hold the mark itself: the last one counts.</summary>
    internal static PlainUser? OfPlain(string userName)
    {
        var mark = userName.LastIndexOf(PlainMark, StringComparison.OrdinalIgnoreCase);
        if (mark <= 0)
        {
            return null;
        }

        var (who, hub) = (userName[..mark], userName[(mark + PlainMark.Length)..]);
        if (hub.StartsWith(PolicyMark, StringComparison.OrdinalIgnoreCase))
        {
            return new PlainUser(hub[PolicyMark.Length..], [], who);
        }

        var parts = who.Split('/');
        var readings = parts switch
        {
            [var device] => Readings(device, null),
            [var device, var modules, var module] when Is(modules, Modules) => Readings(device, module),
            _ => [],
        };
        return readings.Count == 0 ? null : new PlainUser(hub, readings, null);
    }

    private static List<IdentityKey> Readings(string device, string? module)
    {
        var readings = new List<IdentityKey>(2);
        var isDecodable = PercentText.TryDecode(device, out var decodedDevice) & PercentText.TryDecode(module, out var decodedModule);
        if (isDecodable)
        {
            Add(readings, decodedDevice, module is null ? null : decodedModule);
        }

        Add(readings, device, module);
        return readings;
    }

    private static void Add(List<IdentityKey> readings, string device, string? module)
    {
        if (DeviceId.TryParse(device, out var parent) && (module is null || ModuleId.TryParse(module, out _)))
        {
            var key = new IdentityKey(parent, module is null ? null : ModuleId.Parse(module));
            if (!readings.Contains(key))
            {
                readings.Add(key);
            }
        }
    }

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}

/// <param name="HubLabel">First label of the hub's host name, or the whole of it.</param>
/// <param name="Identities">What the name can mean; empty for a policy.</param>
/// <param name="Policy">Name of the policy; null for an identity.</param>
internal sealed record PlainUser(string HubLabel, IReadOnlyList<IdentityKey> Identities, string? Policy);
